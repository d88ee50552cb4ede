import { fileURLToPath } from "node:url";
import { build, createServer } from "vite";
import { runCommand } from "../../scripts/common/command.js";
import { writeFiles } from "./files.js";
import { labOptions } from "./options.js";
import { checkSize } from "./size.js";

const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url));

await runCommand(async () => {
  const options = labOptions(process.argv.slice(2));
  if (options === null) return;
  writeFiles();
  if (options.build) {
    await build({ configFile, logLevel: "warn" });
    checkSize();
    return;
  }
  const server = await createServer({ configFile, server: { port: options.port } });
  await server.listen();
  server.printUrls();
});
