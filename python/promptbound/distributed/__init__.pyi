import logging
import os
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, Optional, Union

from promptbound import Audit, Memorization, Number, PrefixMemorization, Transformer, Verification

log: logging.Logger

def dask() -> ModuleType: ...
def verify(client: Any, model: Transformer, target: Any, eps: Number, *, alpha: Number = "inf", ratio: Optional[Number] = None,
           L: Optional[int] = None, boxes: int = ..., frequency: Optional[Number] = None, table: Optional[str] = None,
           checkpoint: Union[str, os.PathLike[str], None] = None, task_boxes: int = 5000, tasks: int = 64,
           progress: Optional[Callable[[float, float, int, int], Any]] = None) -> Verification: ...
def sweep(client: Any, id: str, folder: Union[str, os.PathLike[str]], *, for_: Optional[str] = None, digits: int = 40, rows: int = 10_000,
          progress: Optional[Callable[[int, int], Any]] = None, **parameters: Any) -> list[str]: ...
def audit(client: Any, model: Union[str, os.PathLike[str]], prompt: Union[str, os.PathLike[str], None] = None, *,
          assume_inert: Iterable[str] = (), checkpoint: Union[str, os.PathLike[str], None] = None,
          progress: Optional[Callable[[int, int], Any]] = None, **options: Any) -> Audit: ...
def memorize(client: Any, model: Transformer, data_sets: Union[Mapping[str, Any], Iterable[Union[str, os.PathLike[str]]]],
             accuracy: Number = 0, *, folder: Union[str, os.PathLike[str], None] = None, prefix: bool = False, key_cap: Number = ...,
             value_cap: Number = ..., progress: Optional[Callable[[int, int], Any]] = None,
             ) -> dict[str, Union[Memorization, PrefixMemorization]]: ...
