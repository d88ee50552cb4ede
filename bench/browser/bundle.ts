import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** Bundles a source file of bench/ and its imports into one ES module. The library is the published one from dist/. */
export async function bundle(source: string): Promise<string> {
  const input = fileURLToPath(new URL(`../${source}`, import.meta.url));
  const build = await rolldown({
    input,
    platform: "browser",
    resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
  });
  const { output } = await build.generate({ format: "esm", codeSplitting: false });
  await build.close();
  return output[0].code;
}
