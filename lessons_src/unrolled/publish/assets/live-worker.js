// Python for the live cells of a page, in a worker: the page stays awake while it computes, and can end it. A worker
// has the policy of its own response, not the page's, which would not let WebAssembly be compiled.
"use strict";

let session;

const start = async ({ python, library }) => {
  importScripts(`${python}pyodide.js`);
  const zip = fetch(library).then((answer) => answer.arrayBuffer());
  const pyodide = await loadPyodide({ indexURL: python });
  await pyodide.loadPackage("numpy", { messageCallback() {} });
  pyodide.unpackArchive(await zip, "zip");
  session = pyodide.pyimport("live_session").Session((text) => postMessage({ text }));
  return true;
};

onmessage = async ({ data }) => {
  try {
    postMessage({ finished: data.python ? await start(data) : session.run(data.code, data.name) });
  } catch (problem) {
    postMessage({ problem: problem.message || String(problem) });
  }
};
