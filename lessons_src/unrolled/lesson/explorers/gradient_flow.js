// Gradient flow through time, computed here at every move: the equations of unrolled.cells for one sequence.
// gradient_flow.py draws the same networks and says the same sentence; tests hold the two together.

const CELLS = { RNN: { blocks: 1 }, LSTM: { blocks: 4, gate: "forget" }, GRU: { blocks: 3, gate: "update" } };
const sigmoid = (a) => 1 / (1 + Math.exp(-a));
const zeros = (size) => new Float64Array(size);

// One of the networks. Its draws are those of `_uniform` in Python, bit for bit.
const drawn = [];
function network(number, H, I, longest) {
  let at = (number + 1) << 20;
  const draw = (count, factor) => zeros(count).map(() => {
    let n = at++;
    n = Math.imul(n ^ (n >>> 16), 0x7feb352d);
    n = Math.imul(n ^ (n >>> 15), 0x846ca68b);
    return (((n ^ (n >>> 16)) >>> 0) / 2 ** 31 - 1) * factor;
  });
  const r = 1 / Math.sqrt(H);
  return drawn[number] ??= {
    W: draw(4 * H * I, r), U: draw(4 * H * H, r), b: draw(4 * H, r), second: draw(4 * H, r),
    readout: draw(H, 1), x: draw(longest * I, Math.sqrt(3)),
  };
}

// log10 of what is left of one network's gradient at the lags 0, ..., steps.
function left({ cell, scale, bias, steps }, H, I, longest, number) {
  const { W, U, b, second, readout, x } = network(number, H, I, longest);
  const G = CELLS[cell].blocks * H;
  const lstm = cell === "LSTM";
  const tape = [];
  let h = zeros(H), c = zeros(H);
  for (let t = 0; t < steps; t++) {
    const fromX = b.slice(0, G), fromH = second.slice(0, G), next = zeros(H);
    for (let k = 0; k < G; k++) {
      if (k >= H && k < 2 * H) fromX[k] += bias;
      for (let i = 0; i < I; i++) fromX[k] += W[k * I + i] * x[t * I + i];
      for (let j = 0; j < H; j++) fromH[k] += scale * U[k * H + j] * h[j];
    }
    // For the way back: by which factor a gradient on what is carried on (c in the LSTM, else h) reaches each
    // pre-activation (slope; for the LSTM's o it is one on h), and itself one step earlier (keep). What arrives at the
    // LSTM's h reaches c by open.
    const slope = zeros(G), keep = zeros(H), open = zeros(H);
    for (let j = 0; j < H; j++) {
      const [a0, a1, a2, a3] = [0, 1, 2, 3].map((block) => fromX[block * H + j] + fromH[block * H + j]);
      if (cell === "RNN") {
        next[j] = Math.tanh(a0);
        slope[j] = 1 - next[j] ** 2;
      } else if (lstm) {
        const i = sigmoid(a0), f = sigmoid(a1), g = Math.tanh(a2), o = sigmoid(a3), before = c[j];
        c[j] = f * before + i * g;
        const shown = Math.tanh(c[j]);
        next[j] = o * shown;
        slope[j] = g * i * (1 - i);
        slope[H + j] = before * f * (1 - f);
        slope[2 * H + j] = i * (1 - g * g);
        slope[3 * H + j] = shown * o * (1 - o);
        keep[j] = f;
        open[j] = o * (1 - shown * shown);
      } else {
        const r = sigmoid(a0), z = sigmoid(a1), recalled = fromH[2 * H + j];
        const n = Math.tanh(fromX[2 * H + j] + r * recalled), toN = (1 - z) * (1 - n * n);
        next[j] = (1 - z) * n + z * h[j];
        slope[j] = toN * recalled * r * (1 - r);
        slope[H + j] = (h[j] - n) * z * (1 - z);
        slope[2 * H + j] = toN * r;
        keep[j] = z;
      }
    }
    h = next;
    tape.push([slope, keep, open]);
  }

  let dh = readout, dc = zeros(H);
  const curve = [0];
  for (const [slope, keep, open] of tape.reverse()) {
    const earlier = zeros(H), carried = zeros(H);
    for (let j = 0; j < H; j++) {
      const carrier = dc[j] + dh[j] * (lstm ? open[j] : 1);
      (lstm ? carried : earlier)[j] += carrier * keep[j];
      for (let k = j; k < G; k += H) {
        const da = scale * slope[k] * (k < 3 * H ? carrier : dh[j]);
        for (let m = 0; m < H; m++) earlier[m] += da * U[k * H + m];
      }
    }
    [dh, dc] = [earlier, carried];
    curve.push(Math.log10(Math.hypot(...dh, ...dc) / Math.hypot(...readout)));
  }
  return curve;
}

// Three curves: at each lag the least of all networks, their median, and the most. Exported for the tests.
export function range(state, { units, inputs, networks, longest }) {
  const curves = [...Array(networks).keys()].map((number) => left(state, units, inputs, longest, number));
  const sorted = curves[0].map((_, lag) => curves.map((curve) => curve[lag]).sort((a, b) => a - b));
  return [0, networks >> 1, networks - 1].map((place) => sorted.map((values) => values[place]));
}

// As unrolled.lesson.significant writes a number with two digits.
function significant(value) {
  const [mantissa, power] = value.toExponential(1).split("e");
  if (power >= -3 && power < 6) return value.toFixed(Math.max(1 - power, 0));
  return `${mantissa}×10${[...String(+power)].map((sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]).join("")}`;
}

const times = (value) => `× ${+value.toFixed(2)}`;
const plus = (value) => `${value < 0 ? "−" : "+"} ${Math.abs(+value.toFixed(2))}`;

function reading({ cell, scale, bias, steps }, power) {
  const { gate } = CELLS[cell];
  const number = (value) => `<data value="${value}">${significant(value)}</data>`;
  const settings = `${cell}, recurrent weights ${times(scale)}${gate ? `, ${gate} bias ${plus(bias)}` : ""}`;
  const left = `${number(10 ** power)} of the gradient is left ${steps} steps back`;
  const pace = `${power < 0 ? "halved" : "doubled"} every ${number((steps * Math.log10(2)) / Math.abs(power))} steps`;
  return `${settings}: ${left}, a factor of ${number(10 ** (power / steps))} per step on average: ${pace}.`;
}

function drawing(width, longest, [least, median, most], start) {
  const across = (lag) => 40 + (lag / longest) * (width - 56);
  const down = (power) => 76 - 5 * power; // from 10¹⁰ to 10⁻³⁰
  const points = (curve) => curve.map((power, lag) => `${across(lag).toFixed(1)},${down(power).toFixed(1)}`).join(" ");
  const text = (x, y, words, anchor = "start") => `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
  const powers = ["10¹⁰", "1", "10⁻¹⁰", "10⁻²⁰", "10⁻³⁰"].map((words, place) => {
    const y = 26 + 50 * place;
    return `<path class="${words === "1" ? "" : "grid"}" d="M40 ${y}H${width - 16}"/>${text(34, y + 4, words, "end")}`;
  });
  const lags = [0, 25, 50, 75, 100].map((lag) => text(across(lag), 245, lag, "middle"));
  return `<svg height="270" width="${width}" role="img">${powers.join("")}${lags.join("")}
    ${text(0, 13, "‖∂L/∂state‖ at lag k, relative to lag 0")}
    ${text(across(50), 264, "lag k: steps back from the loss", "middle")}
    ${text(48, 44, "grows ↑")}${text(48, 218, "vanishes ↓")}
    <svg height="226"><polygon points="${points(most)} ${points(least).split(" ").reverse().join(" ")}"/>
    <polyline points="${points(median)}"/><polyline class="start" points="${points(start)}"/></svg></svg>`;
}

const starts = {};
function render({ model, el }) {
  const sizes = model.get("sizes");
  const names = ["cell", "scale", "bias", "steps"];
  // The page may hold this explorer twice, and a name or id counts in all of JupyterLab's page.
  const group = Math.random();
  const slider = (name) => {
    const [min, max, step] = sizes[name];
    return `<div><label for="${name}${group}"></label> <output aria-live="off"></output>
      <input type="range" id="${name}${group}" name="${name}" min="${min}" max="${max}" step="${step}"></div>`;
  };
  el.innerHTML = `<div class="gradient-flow">
    <fieldset><legend>Cell</legend>${Object.keys(CELLS).map((cell) =>
      `<label><input type="radio" name="${group}" value="${cell}"> ${cell}</label>`).join("")}</fieldset>
    ${names.slice(1).map(slider).join("")}<p class="plot"></p>
    <p class="key"><span>median of ${sizes.networks} networks of ${sizes.units} units</span>
      <span class="all">all of them</span> <span class="start">as PyTorch starts the cell</span></p>
    <p class="reading" role="status"></p></div>`;
  const $ = (selector) => el.querySelector(selector);
  // Else JupyterLab takes the arrow keys for its own.
  for (const input of el.querySelectorAll("input")) input.dataset.lmSuppressShortcuts = "";

  const update = () => {
    const state = Object.fromEntries(names.map((name) => [name, model.get(name)]));
    const { cell } = state;
    const { gate } = CELLS[cell];
    const curves = range(state, sizes);
    starts[cell] ??= range({ cell, scale: 1, bias: 0, steps: sizes.longest }, sizes)[1];
    for (const input of el.querySelectorAll("[type=radio]")) input.checked = input.value === cell;
    const show = (name, label, value) => {
      const input = $(`[name=${name}]`);
      input.value = state[name];
      input.labels[0].textContent = label;
      input.previousElementSibling.textContent = input.ariaValueText = value;
      return input;
    };
    show("scale", "Recurrent weights", times(state.scale));
    show("bias", gate ? `Bias, ${gate} gate` : "Bias of a gate", gate ? plus(state.bias) : "no gate").disabled = !gate;
    show("steps", "Steps", state.steps);
    $(".plot").innerHTML = drawing($(".plot").clientWidth, sizes.longest, curves, starts[cell]);
    $(".reading").innerHTML = reading(state, curves[1].at(-1));
    $("svg").ariaLabel = `The gradient against the lag, on a logarithmic scale. ${$(".reading").textContent}`;
  };

  el.addEventListener("input", ({ target: { type, name, value } }) => {
    if (type === "radio") model.set("cell", value);
    else model.set(name, +value);
    model.save_changes();
  });
  const changes = `change:${names.join(" change:")}`;
  model.on(changes, update);
  // It calls once the plot is in the page, and has a width.
  const resized = new ResizeObserver(update);
  resized.observe($(".plot"));
  return () => {
    model.off(changes, update);
    resized.disconnect();
  };
}

export default { render };
