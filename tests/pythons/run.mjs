// Calls `main` of a Python script in Pyodide: node run.mjs PYODIDE SCRIPT [FOLDER=WHERE IT IS THERE ...]
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [pyodide, script, ...folders] = process.argv.slice(2);
try {
  const { loadPyodide } = await import(pathToFileURL(path.join(pyodide, "pyodide.mjs")));
  const python = await loadPyodide({
    env: { HOME: "/home", PYTHONDONTWRITEBYTECODE: "1", XDG_CACHE_HOME: "/cache" },
  });
  for (const folder of folders) {
    const [root, there] = folder.split("=");
    python.FS.mkdirTree(there);
    python.FS.mount(python.FS.filesystems.NODEFS, { root }, there);
  }
  python.runPython(fs.readFileSync(script, "utf8"), { filename: script });
  process.exitCode = python.globals.get("main")();
} catch (error) {
  // in place of Node's own report, which quotes the line: a megabyte of Pyodide
  console.error(String(error.stack ?? error).slice(0, 4000));
  process.exitCode = 70;
}
