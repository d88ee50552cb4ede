"use client";
import { BatchNorm, batchStatistics, load, mergeStatistics } from "batchnorm-wasm";
import { useEffect, useState } from "react";
import { exercise } from "../../exercise.mjs";

export default function Page() {
  const [line, setLine] = useState("");
  useEffect(() => {
    load()
      .then((kernels) => exercise({ BatchNorm, batchStatistics, load, mergeStatistics }, kernels))
      .then((line) => {
        console.log(line);
        setLine(line);
      });
  }, []);
  return <pre>{line}</pre>;
}
