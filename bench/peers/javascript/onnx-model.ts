/**
 * Writes ONNX models as protobuf. A field is its number and wire type, then a varint, four bytes, or a length and that
 * many bytes. The numbers of the fields are those of onnx.proto3.
 */
type Bytes = number[] | Uint8Array;

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

function integer(field: number, value: number): Bytes {
  return [...varint(field * 8), ...varint(value)];
}

function float(field: number, value: number): Bytes {
  return [...varint(field * 8 + 5), ...new Uint8Array(Float32Array.of(value).buffer)];
}

function concat(parts: readonly Bytes[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function bytes(field: number, content: Bytes): Uint8Array {
  return concat([varint(field * 8 + 2), varint(content.length), content]);
}

function text(field: number, content: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(content));
}

function message(field: number, ...fields: readonly Bytes[]): Uint8Array {
  return bytes(field, concat(fields));
}

const FLOAT = 1;
const KIND = { float: 1, integer: 2, integers: 7 } as const;

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly floats?: Readonly<Record<string, number>>;
  readonly integers?: Readonly<Record<string, number>>;
  readonly lists?: Readonly<Record<string, readonly number[]>>;
}

type Shapes = Readonly<Record<string, readonly number[]>>;

export interface Graph {
  readonly nodes: readonly Node[];
  readonly inputs: Shapes;
  readonly outputs: Shapes;
  /** Constants of the model, one value per channel. */
  readonly constants: Readonly<Record<string, Float32Array>>;
  /** The shape of all constants; a vector by default. */
  readonly constantShape?: readonly number[];
}

function node({ op, inputs, outputs, floats = {}, integers = {}, lists = {} }: Node): Bytes {
  const attribute = (name: string, kind: number, ...content: Bytes[]) =>
    message(5, text(1, name), ...content, integer(20, kind));
  return message(
    1,
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(floats).map(([name, value]) => attribute(name, KIND.float, float(2, value))),
    ...Object.entries(integers).map(([name, value]) => attribute(name, KIND.integer, integer(3, value))),
    ...Object.entries(lists).map(([name, values]) =>
      attribute(name, KIND.integers, ...values.map((value) => integer(8, value))),
    ),
  );
}

function tensors(field: number, shapes: Shapes): Bytes[] {
  return Object.entries(shapes).map(([name, shape]) => {
    const dims = shape.map((extent) => message(1, integer(1, extent)));
    return message(field, text(1, name), message(2, message(1, integer(1, FLOAT), message(2, ...dims))));
  });
}

function constant(name: string, data: Float32Array, shape: readonly number[]): Bytes {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(5, ...shape.map((extent) => integer(1, extent)), integer(2, FLOAT), text(8, name), bytes(9, raw));
}

/** A model of one graph of float32 tensors, operator set 15. */
export function model({ nodes, inputs, outputs, constants, constantShape }: Graph): Uint8Array {
  const graph = message(
    7,
    ...nodes.map(node),
    text(2, "graph"),
    ...Object.entries(constants).map(([name, data]) => constant(name, data, constantShape ?? [data.length])),
    ...tensors(11, inputs),
    ...tensors(12, outputs),
  );
  const irVersion = 8;
  return concat([integer(1, irVersion), message(8, text(1, ""), integer(2, 15)), graph]);
}
