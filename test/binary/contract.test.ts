import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, it } from "vitest";
import { decode } from "../../src/decode.js";
import { CONTRACT_VERSION } from "../../src/exports.js";
import { encoded } from "../../src/module.js";
import { exported } from "../helpers/contract.js";

/** The contract is told in four places: the table of the tests, the type of the library, the binary, and a document. */

const textOf = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The functions of the type `KernelExports` with the names of their arguments. */
function declared(): Record<string, string[]> {
  const source = ts.createSourceFile("exports.ts", textOf("src/exports.ts"), ts.ScriptTarget.Latest);
  const aliases = new Map(
    source.statements.filter(ts.isTypeAliasDeclaration).map(({ name, type }) => [name.text, type] as const),
  );
  /** The names in a tuple; what has no label is named for its type. */
  function names(type: ts.TypeNode): string[] {
    if (ts.isTupleTypeNode(type)) return type.elements.flatMap(names);
    if (ts.isRestTypeNode(type)) return names(type.type);
    if (ts.isNamedTupleMember(type)) return [type.name.text];
    const name = (type as ts.TypeReferenceNode).typeName.getText(source);
    const alias = aliases.get(name) as ts.TypeNode;
    return ts.isTupleTypeNode(alias) ? names(alias) : [name.toLowerCase()];
  }
  const { members } = aliases.get("KernelExports") as ts.TypeLiteralNode;
  const functions = members.filter(ts.isMethodSignature).map(({ name, parameters }): [string, string[]] => {
    const all = parameters.flatMap(({ dotDotDotToken, name: parameter, type }) =>
      dotDotDotToken ? names(type as ts.TypeNode) : [parameter.getText(source)],
    );
    return [name.getText(source), all];
  });
  return Object.fromEntries(functions);
}

it("the type of the exports is that of the contract", () => {
  expect(declared()).toEqual(exported);
});

it("the table in assembly/README.md is that of the contract", () => {
  const rows = [...textOf("assembly/README.md").matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)];
  const short: Record<string, string[]> = {
    none: [],
    _extents_: ["batch", "channels", "spatial"],
    _range_: ["begin", "end"],
  };
  const args = (list: string) =>
    list
      .replace(/;.*/, "")
      .split(", ")
      .flatMap((arg) => short[arg] ?? arg);
  const told = rows.map(([, name, list]) => [name, args(list)]);
  expect(Object.fromEntries(told)).toEqual(exported);
});

it("the binary carries the version of the contract", () => {
  const module = new WebAssembly.Module(decode(encoded));
  const { exports } = new WebAssembly.Instance(module, { env: { memory: new WebAssembly.Memory({ initial: 1 }) } });
  expect((exports.contractVersion as () => number)()).toBe(CONTRACT_VERSION);
});
