// Draws the page's anywidgets without a kernel, from the states that the page holds. Where it fails, the picture stays.
"use strict";
{
  const held = (kind) => [...document.querySelectorAll(`[type="application/vnd.jupyter.widget-${kind}+json"]`)];
  const states = Object.assign({}, ...held("state").map((tag) => JSON.parse(tag.textContent).state));

  const makeModel = ({ state, buffers = [] }) => {
    for (const { path, data } of buffers) {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt());
      const name = path.pop();
      path.reduce((part, key) => part[key], state)[name] = new DataView(bytes.buffer);
    }
    let listeners = [];
    const model = {
      get: (name) => state[name],
      set: (name, value) => {
        if (state[name] === value) return;
        state[name] = value;
        for (const [event, call] of listeners) if (event === `change:${name}`) call(model, value);
      },
      on: (events, call) => { listeners = listeners.concat(events.split(" ").map((event) => [event, call])); },
      off: (events, call) => {
        listeners = listeners.filter(([event, known]) =>
          (events && !events.split(" ").includes(event)) || (call && call !== known));
      },
      send: () => {}, // no kernel hears of it
      save_changes: () => {},
    };
    return model;
  };
  const models = {};
  const modelOf = (id) => models[id] ??= makeModel(states[id]);

  const load = async (model) => {
    const module = await import(URL.createObjectURL(new Blob([model.get("_esm")], { type: "text/javascript" })));
    const widget = typeof module.default === "function" ? await module.default() : module.default;
    await widget.initialize?.({ model });
    return widget;
  };
  const widgets = {};
  for (const tag of held("view")) {
    const id = JSON.parse(tag.textContent).model_id;
    const model = modelOf(id);
    const [place, style, el] = ["div", "style", "div"].map((name) => document.createElement(name));
    place.className = "widget-subarea"; // as the widget manager calls it
    style.textContent = model.get("_css");
    place.attachShadow({ mode: "open" }).append(style, el); // the styles of page and widget stay apart
    widgets[id] ??= load(model);
    widgets[id].then((widget) => widget.render({ model, el })).then(() => tag.after(place));
  }

  for (const { model_name: kind, state } of Object.values(states)) {
    if (!/^(Directional)?LinkModel$/.test(kind)) continue; // jslink and jsdlink
    const [from, to] = [state.source, state.target].map(([id, name]) => [modelOf(id.replace("IPY_MODEL_", "")), name]);
    const follow = ([model, name], [other, its]) => {
      model.on(`change:${name}`, () => other.set(its, model.get(name)));
      other.set(its, model.get(name));
    };
    follow(from, to);
    if (kind === "LinkModel") follow(to, from);
  }
}
