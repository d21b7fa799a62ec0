// Cells tagged "live" can be edited and run in the page. Python is fetched from this site at the first run; where it is
// not there, or does not start, the page is as complete as before and says where else its cells run.
"use strict";
{
  const here = new URL(".", document.currentScript.src);
  const python = new URL("../python/", here);
  const cells = [];
  let worker = null; // there from the first run until it is stopped or breaks down
  let busy = null; // the cell whose Run was pressed
  let stopped = false; // whether Stop was pressed since
  let refuse = () => {}; // ends the wait for the worker

  const make = (tag, attributes, text = "") => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };

  // Send the worker a message and wait until it has finished; what it prints on the way goes to `print`.
  const ask = (message, print) => new Promise((resolve, reject) => {
    refuse = reject;
    worker.onmessage = ({ data }) => {
      if ("text" in data) print(data.text);
      else if ("problem" in data) reject(new Error(data.problem));
      else resolve(data.finished);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message || "its worker could not be loaded"));
    };
    worker.postMessage(message);
  });

  const start = async (cell) => {
    if (location.protocol === "file:") throw new Error("it cannot in a page from a folder, only in one from a server");
    const files = await fetch(new URL("files.json", python), { cache: "no-cache" });
    const { bytes } = files.ok ? await files.json() : {};
    if (!bytes) throw new Error("this copy of the site has none");
    if (stopped) return;
    cell.say(`Starting Python (at most ${Math.ceil(bytes / 1e6)} MB to fetch, once)…`);
    worker = new Worker(new URL("live-worker.js", here));
    await ask({ python: python.href, library: new URL("unrolled.zip", here).href });
  };

  const end = () => {
    worker?.terminate();
    worker = null;
    for (const cell of cells) cell.hasRun = false;
  };

  const stop = () => {
    stopped = true;
    end();
    refuse(new Error("stopped"));
  };

  // A cell needs what is defined above it, so the live cells there run first; exercises define nothing for others.
  const runInOrder = async (cell) => {
    for (const above of cells.slice(0, cells.indexOf(cell))) {
      if (above.hasRun || above.isExercise) continue;
      cell.say("Running the live cells above first…");
      if (!(await above.execute())) return cell.say("Not run: a live cell above ended with an error.");
    }
    await cell.execute();
  };

  const run = async (cell) => {
    if (busy) return;
    busy = cell;
    stopped = false;
    for (const each of cells) each.refresh();
    let what = "Python did not start";
    try {
      if (!worker) await start(cell);
      what = "Python broke down";
      if (!stopped) await runInOrder(cell);
    } catch (problem) {
      end();
      if (!stopped) cell.say(`${what}: ${problem.message}. `, ...elsewhere());
    }
    if (stopped) cell.say("Stopped. The next run begins with a new Python.");
    busy = null;
    for (const each of cells) each.refresh();
  };

  const elsewhere = () => {
    const notebook = document.querySelector('.page-menu a[href$=".ipynb"]');
    if (!notebook) return [];
    return [make("a", { href: notebook.href, download: "" }, "The notebook of this lesson"), " runs in any Jupyter."];
  };

  class Cell {
    constructor(element) {
      this.name = `live cell ${cells.length + 1}`;
      this.isExercise = element.classList.contains("live-exercise");
      this.hasRun = false;
      this.shown = element.querySelector(".cell_input");
      this.source = this.shown.querySelector("pre").textContent.trimEnd();
      this.built = element.querySelector(".cell_output");
      this.editor = null;
      this.runButton = this.button("Run", () => (busy === this ? stop() : run(this)));
      this.editButton = this.button("Edit", () => this.edit());
      this.resetButton = this.button("Reset", () => this.reset());
      this.status = make("span", { role: "status" });
      this.output = make("pre", { class: "live-output", role: "log", "aria-label": `Output of ${this.name}` });
      const bar = make("div", { class: "live-bar", role: "group", "aria-label": this.name });
      bar.append(this.runButton, this.editButton, this.resetButton, this.status);
      this.shown.after(bar, this.output);
      cells.push(this);
      this.refresh();
    }

    get code() {
      return this.editor ? this.editor.value : this.source;
    }

    button(text, pressed) {
      const button = make("button", { type: "button" }, text);
      button.addEventListener("click", pressed);
      return button;
    }

    say(...parts) {
      this.status.replaceChildren(...parts);
      this.refresh();
    }

    // Let the buttons offer what can be done now.
    refresh() {
      this.runButton.textContent = busy === this ? "Stop" : "Run";
      this.runButton.disabled = this.resetButton.disabled = busy !== null && busy !== this;
      this.editButton.hidden = this.editor !== null;
      this.resetButton.hidden = busy === this || !(this.editor || this.status.textContent);
    }

    async execute() {
      this.say("Running…");
      this.output.textContent = "";
      if (this.built) this.built.hidden = true;
      const { code, name } = this;
      let finished;
      try {
        finished = await ask({ code, name }, (text) => this.output.append(text));
      } catch (problem) {
        this.say("Not finished.");
        throw problem;
      }
      this.hasRun = finished && code === this.code; // the reader may have gone on writing
      this.say(!finished ? "Ended with an error." : this.output.textContent ? "Done." : "Done; it printed nothing.");
      return finished;
    }

    edit() {
      this.editor = make("textarea", {
        class: "live-editor", "aria-label": `Code of ${this.name}`, title: "Shift+Enter runs it",
        wrap: "off", spellcheck: "false", autocapitalize: "off", autocomplete: "off",
      });
      this.editor.value = this.source;
      const fit = () => { this.editor.rows = this.editor.value.split("\n").length; };
      this.editor.addEventListener("input", () => {
        fit();
        this.hasRun = false;
      });
      this.editor.addEventListener("keydown", (event) => this.press(event));
      this.shown.hidden = true;
      this.shown.before(this.editor);
      fit();
      this.refresh();
      this.editor.focus();
    }

    press(event) {
      if (event.key !== "Enter" || event.isComposing) return;
      if (event.shiftKey || event.ctrlKey || event.metaKey) {
        event.preventDefault();
        run(this);
        return;
      }
      const line = this.editor.value.slice(0, this.editor.selectionStart).split("\n").pop();
      const indentation = line.match(/^ */)[0] + (line.endsWith(":") ? "    " : "");
      // Alone among the ways to insert text, this one can be undone by the reader.
      if (document.execCommand("insertText", false, `\n${indentation}`)) event.preventDefault();
    }

    reset() {
      this.editor?.remove();
      this.editor = null;
      this.shown.hidden = false;
      this.output.textContent = "";
      if (this.built) this.built.hidden = false;
      this.hasRun = false;
      this.say();
      this.shown.dispatchEvent(new Event("toggle")); // site.js then makes what scrolls reachable
      this.runButton.focus();
    }
  }

  for (const element of document.querySelectorAll("div.cell.tag_live")) new Cell(element);
}
