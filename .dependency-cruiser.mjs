/** Who may import whom, types included. */
const only = (name, from, to) => ({ name, severity: "error", from, to });

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    only("no cycle", { path: "^(src|assembly|bench|lab|scripts)/" }, { circular: true }),
    only("errors import nothing", { path: "^src/errors\\.ts$" }, { path: "." }),
    only("layout imports nothing", { path: "^src/layout\\.ts$" }, { path: "." }),
    only(
      "functions have no state",
      { path: "^src/(functional|statistics)\\.ts$" },
      { path: "^src/(batchnorm|layer-memory|state)\\.ts$" },
    ),
    only("the layer knows no axis order", { path: "^src/batchnorm\\.ts$" }, { path: "^src/layout\\.ts$" }),
    only("the core knows no engine around it", { path: "^src/[^/]+\\.ts$" }, { path: "^src/(tfjs|distributed)/" }),
    only(
      "the core has no dependency but the loader",
      { path: "^src/(?!tfjs/)" },
      { path: "node_modules", pathNot: "@assemblyscript/loader" },
    ),
    only(
      "the reference imports nothing of the library",
      { path: "^test/helpers/reference\\.ts$|^bench/baseline/" },
      { path: "^src/" },
    ),
    only(
      "the fuzzer's reference imports nothing of the library",
      { path: "^test/fuzz/reference\\.ts$" },
      { path: "^src/" },
    ),
    only("the page uses what users use", { path: "^lab/" }, { path: "^src/" }),
    only("benchmarks use what users use", { path: "^bench/" }, { path: "^src/" }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules|^dist/" },
    exclude: { path: "^dist/" },
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".js", ".mjs"] },
  },
};
