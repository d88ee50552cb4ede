const worker = new Worker("./module-worker.mjs", { type: "module" });
worker.onmessage = ({ data }) => console.log(data);
worker.onerror = ({ message }) => {
  throw new Error(`the worker failed: ${message}`);
};
