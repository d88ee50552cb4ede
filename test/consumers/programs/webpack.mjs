// webpack by its API, which fails on warnings too.
import webpack from "webpack";

const configuration = {
  mode: "production",
  entry: process.argv[2],
  output: { path: `${process.cwd()}/site`, filename: "main.mjs", publicPath: "auto" },
  performance: { hints: false },
};
webpack(configuration, (error, stats) => {
  console.log(error ?? stats.toString());
  if (error || stats.hasErrors() || stats.hasWarnings()) process.exitCode = 1;
});
