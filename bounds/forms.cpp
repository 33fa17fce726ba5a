#include <promptbound/bounds/forms.hpp>

namespace promptbound {

std::vector<Form> always(Proofs proof) {
  return {{"", [](const Arguments&, const Record&) { return true; }, std::move(proof)}};
}

std::vector<Form> where(std::string_view when, const Condition& holds, std::vector<Form> forms) {
  for (Form& form : forms) {
    form.when = std::string(when) + (form.when.empty() ? "" : ", ") + form.when;
    form.holds = [holds, rest = std::move(form.holds)](const Arguments& arguments, const Record& record) {
      return holds(arguments, record) && rest(arguments, record);
    };
  }
  return forms;
}

std::vector<Form> joined(std::vector<Form> forms, const std::vector<Form>& more) {
  forms.insert(forms.end(), more.begin(), more.end());
  return forms;
}

}  // namespace promptbound
