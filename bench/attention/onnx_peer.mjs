// Attention in ONNX Runtime for PeerProcess: answers "n d threads fp32|fp64" with the wall seconds of one run of a
// graph of one com.microsoft MultiHeadAttention with one head.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

let ort;
try {
  ort = createRequire(import.meta.url)("onnxruntime-node"); // unlike import, looks into NODE_PATH
} catch {
  process.exit(0); // without a first line: not installed
}

// A model is a protocol buffer: fields of a number and a varint, 4 bytes or a string of bytes.
const varint = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
const number = (field, value) => [...varint(field << 3), ...varint(value)];
const float = (field, value) => [...varint((field << 3) | 5), ...new Uint8Array(Float32Array.of(value).buffer)];
const bytes = (field, content) => {
  const body = typeof content === "string" ? Buffer.from(content) : content.flat();
  return [...varint((field << 3) | 2), ...varint(body.length), ...body];
};

function model(n, d, type) {
  const elementType = type === "fp32" ? 1 : 11;
  const shape = [1, n, d].map((size) => bytes(1, number(1, size)));
  const array = (name) => [
    bytes(1, name),
    bytes(2, bytes(1, [number(1, elementType), bytes(2, shape)])),
  ];
  const node = [
    ["q", "k", "v"].map((name) => bytes(1, name)),
    bytes(2, "out"),
    bytes(4, "MultiHeadAttention"),
    bytes(5, [bytes(1, "num_heads"), number(3, 1), number(20, 2)]),
    bytes(5, [bytes(1, "scale"), float(2, 1 / d), number(20, 1)]),
    bytes(7, "com.microsoft"),
  ].flat(2);
  const graph = [
    bytes(1, node),
    bytes(2, "attention"),
    ...["q", "k", "v"].map((name) => bytes(11, array(name))),
    bytes(12, array("out")),
  ];
  const versions = [bytes(8, [bytes(1, ""), number(2, 17)]), bytes(8, [bytes(1, "com.microsoft"), number(2, 1)])];
  return Uint8Array.from([number(1, 8), bytes(7, graph), ...versions].flat());
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function prepare(line) {
  const [n, d, threads, type] = line.split(" ").map((word, i) => (i < 3 ? Number(word) : word));
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 4 };
  const session = await ort.InferenceSession.create(model(n, d, type), options);
  const [Entries, name] = type === "fp32" ? [Float32Array, "float32"] : [Float64Array, "float64"];
  const entry = () => 2 * Math.random() - 1;
  const random = () => new ort.Tensor(name, Entries.from({ length: n * d }, entry), [1, n, d]);
  return { session, inputs: { q: random(), k: random(), v: random() } };
}

console.log(`ONNX Runtime ${ort.env.versions.node}`);
let last = "", ready;
for await (const line of createInterface({ input: process.stdin })) {
  try {
    if (line !== last) {
      await ready?.session.release();
      ready = undefined;
      ready = await prepare(line);
      last = line;
    }
    const start = performance.now();
    await ready.session.run(ready.inputs);
    const seconds = (performance.now() - start) / 1000;
    await pause(20); // its threads wait busily for a while, which would slow the next contender down
    console.log(seconds);
  } catch (error) {
    // The operator's only types are binary32 and binary16.
    console.log(line.endsWith("fp64") ? "no binary64" : String(error.message).split("\n")[0]);
  }
}
