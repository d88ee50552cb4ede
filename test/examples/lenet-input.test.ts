import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { fileNames, pixels, readIdx, readSplit } from "../../examples/common/fashion-mnist.js";
import { parseOptions } from "../../examples/lenet/options.js";
import { InputError } from "../../scripts/common/command.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const folder = mkdtempSync(join(tmpdir(), "lenet-"));
const images = join(folder, fileNames.train.images);
const labels = join(folder, fileNames.train.labels);

function idx(extents: readonly number[], values: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * extents.length);
  header.writeUInt32BE(0x0800 | extents.length, 0);
  for (const [i, extent] of extents.entries()) {
    header.writeUInt32BE(extent, 4 + 4 * i);
  }
  return Buffer.concat([header, values]);
}

const imageBytes = idx(
  [3, 28, 28],
  Uint8Array.from({ length: 3 * pixels }, (_, i) => (i * 37) % 251),
);
const labelBytes = idx([3], Uint8Array.of(9, 0, 4));

function refused(message: string): void {
  expect(() => readSplit(folder, "train")).toThrow(new InputError(message));
}

beforeEach(() => {
  writeFileSync(images, gzipSync(imageBytes));
  writeFileSync(labels, gzipSync(labelBytes));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("reading Fashion-MNIST", () => {
  it("reads images and labels", () => {
    const data = readSplit(folder, "train");
    expect(data.count).toBe(3);
    expect([...data.labels]).toEqual([9, 0, 4]);
    expect(data.images.length).toBe(3 * pixels);
    expect([data.images[1], data.images[pixels]]).toEqual([37, (pixels * 37) % 251]);
  });

  it("reads the part that comes with the repository", () => {
    const data = join(root, "examples/data");
    expect(readSplit(data, "train").count).toBe(10_000);
    const { count, labels: classes } = readSplit(data, "test");
    expect(count).toBe(2_000);
    // The first test images of the official split: ankle boot, pullover, trouser, trouser, shirt.
    expect([...classes.subarray(0, 5)]).toEqual([9, 2, 1, 1, 6]);
  });

  it("names a missing file", () => {
    rmSync(labels);
    refused(`${labels}: no such file`);
  });

  it("refuses a truncated file", () => {
    writeFileSync(images, gzipSync(imageBytes).subarray(0, 200));
    refused(`${images}: truncated gzip data`);
    writeFileSync(images, "");
    refused(`${images}: truncated gzip data`);
  });

  it("refuses what is not gzip", () => {
    writeFileSync(images, imageBytes);
    refused(`${images}: bad gzip data (incorrect header check)`);
  });

  it("refuses labels in place of images", () => {
    writeFileSync(images, gzipSync(labelBytes));
    refused(`${images}: 11 bytes are too few for an IDX header of 16`);
    writeFileSync(images, gzipSync(idx([20], new Uint8Array(20))));
    refused(`${images}: wrong magic number 0x00000801, expected 0x00000803 (IDX, unsigned bytes)`);
  });

  it("refuses images of another size", () => {
    writeFileSync(images, gzipSync(idx([3, 32, 28], new Uint8Array(3 * 32 * 28))));
    refused(`${images}: extent 1 is 32, expected 28`);
  });

  it("refuses data that is shorter or longer than its header says", () => {
    writeFileSync(labels, gzipSync(idx([4], new Uint8Array(3))));
    refused(`${labels}: the header announces 4 items (4 bytes), the file holds 3 bytes`);
    writeFileSync(labels, gzipSync(idx([2], new Uint8Array(3))));
    refused(`${labels}: the header announces 2 items (2 bytes), the file holds 3 bytes`);
    writeFileSync(labels, gzipSync(idx([0], new Uint8Array(0))));
    expect(() => readIdx(labels, [])).toThrow(InputError);
  });

  it("refuses counts that differ", () => {
    writeFileSync(labels, gzipSync(idx([4], new Uint8Array(4))));
    refused(`${images} has 3 images, but ${labels} has 4 labels`);
  });

  it("refuses a label that is no class", () => {
    writeFileSync(labels, gzipSync(idx([3], Uint8Array.of(1, 10, 2))));
    refused(`${labels}: label 10 at index 1, expected 0 to 9`);
  });
});

describe("options", () => {
  it("has defaults", () => {
    const options = parseOptions([]);
    expect(options).toMatchObject({ lr: null, batch: 256, compare: true, help: false });
    expect(options.data).toBe(join(root, "examples/data"));
    expect(options.out).toBe(join(root, "out/lenet.svg"));
  });

  it("reads every flag", () => {
    const args = "--data /d --epochs 3 --lr 0.5 --batch 64 --seed 7 --no-compare --out /o.svg".split(" ");
    expect(parseOptions(args)).toEqual({
      help: false,
      data: "/d",
      epochs: 3,
      lr: 0.5,
      batch: 64,
      seed: 7,
      compare: false,
      out: "/o.svg",
    });
    expect(parseOptions(["--lr=1e-2"]).lr).toBe(0.01);
  });

  it.each([
    [["--epoch", "3"], "Unknown option '--epoch'"],
    [["3"], "Unexpected argument '3'"],
    [["--epochs"], "Option '--epochs <value>' argument missing"],
    [["--epochs", "0"], '--epochs expected an integer from 1 to 10000, got "0"'],
    [["--epochs", "2.5"], '--epochs expected an integer from 1 to 10000, got "2.5"'],
    [["--batch", "1"], '--batch expected an integer from 2 to 60000, got "1"'],
    [["--batch", ""], '--batch expected an integer from 2 to 60000, got ""'],
    [["--seed=-1"], '--seed expected an integer from 0 to 4294967295, got "-1"'],
    [["--lr", "fast"], '--lr expected a number > 0, got "fast"'],
    [["--lr", "0"], '--lr expected a number > 0, got "0"'],
    [["--lr", "Infinity"], '--lr expected a number > 0, got "Infinity"'],
    [["--lr", "-1"], "Option '--lr' argument is ambiguous"],
    [["--data", ""], '--data expected a path, got ""'],
    [["--no-compare=1"], "Option '--no-compare' does not take an argument"],
  ])("refuses %j", (args, message) => {
    expect(() => parseOptions(args)).toThrow(InputError);
    expect(() => parseOptions(args)).toThrow(message);
    expect(() => parseOptions(args)).toThrow(/^[^\n]+$/);
  });
});

describe("the command", { timeout: 30_000 }, () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", join(root, "examples/lenet/main.ts"), ...args], {
      cwd: root,
      encoding: "utf8",
    });

  it.each([
    [["--data", "/nowhere"], "/nowhere/train-images-idx3-ubyte.gz: no such file\n"],
    [["--speed", "3"], "Unknown option '--speed' (--help lists the options)\n"],
    [["--batch", "20000"], "--batch expected at most the 10000 training images, got 20000\n"],
    [["--out", folder], `--out ${folder}: not a file\n`],
    [["--out", "/dev/null/x/y.svg"], "--out /dev/null/x/y.svg: cannot be written (ENOTDIR)\n"],
  ])("ends with one line and exit code 2: %j", (args, line) => {
    const { status, stderr, stdout } = run(...args);
    expect({ status, stderr, stdout }).toEqual({ status: 2, stderr: line, stdout: "" });
  });

  it("prints its help", () => {
    const { status, stdout } = run("--help");
    expect(status).toBe(0);
    for (const flag of ["data", "epochs", "lr", "batch", "seed", "no-compare", "out"]) {
      expect(stdout).toContain(`--${flag}`);
    }
  });
});
