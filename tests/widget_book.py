"""A small book with an explorer, with anywidgets that use all that a model can do, and with stock ipywidgets."""

from tiny_book import NOTEBOOK

TEXT = "A paragraph that is long enough to describe this page of a small book.\n"
PAGES = {
    "index": f"# The start\n\n{TEXT}",
    "flow": NOTEBOOK + f"""# An explorer

{TEXT}

```{{code-cell}}
from unrolled.lesson.explorers import GradientFlow

explorer = GradientFlow()
explorer
```

```{{code-cell}}
print(explorer.reading())
```
""",
    "models": NOTEBOOK + f"""# Models

{TEXT}

```{{code-cell}}
import anywidget
import ipywidgets
import traitlets


class Count(anywidget.AnyWidget):
    _esm = '''
    const initialize = ({{ model }}) => {{ model.set("started", model.get("started") + 1); }};
    const render = ({{ model, el }}) => {{
      const write = () => {{ el.textContent = `${{model.get("value")}} of ${{model.get("started")}}`; }};
      const stop = () => {{ model.off("change:value", write); model.off("change:other"); }};
      model.on("change:value change:other", write);
      el.addEventListener("click", () => {{ model.set("value", model.get("value") + 1); model.save_changes(); }});
      el.addEventListener("contextmenu", stop);
      write();
    }};
    export default async () => ({{ initialize, render }});
    '''
    _css = "div {{ letter-spacing: 3px; }}"
    value = traitlets.Int(1).tag(sync=True)
    started = traitlets.Int(0).tag(sync=True)


class Raw(anywidget.AnyWidget):
    _esm = '''
    export default {{ render({{ model, el }}) {{
      const {{ deep }} = model.get("data");
      el.textContent = [model.get("flat").getFloat64(0, true), deep[1].byteLength, deep[0]].join(" ");
    }} }};
    '''
    flat = traitlets.Bytes().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)


class Broken(anywidget.AnyWidget):
    _esm = "export default {{ render() {{ throw new Error('not today'); }} }};"

    def _repr_mimebundle_(self, **asked):
        data, metadata = super()._repr_mimebundle_(**asked)
        return data | {{"text/html": "<figure>The picture stays.</figure>"}}, metadata


first, second, third = Count(value=1), Count(value=5), Count(value=7)
ipywidgets.jslink((first, "value"), (second, "value"))
ipywidgets.jsdlink((second, "value"), (third, "value"))
first
```

```{{code-cell}}
first
```

```{{code-cell}}
second
```

```{{code-cell}}
third
```

```{{code-cell}}
import struct

Raw(flat=struct.pack("<d", 2.5), data={{"deep": [3, b"four"]}})
```

```{{code-cell}}
Broken()
```
""",
    "stock": NOTEBOOK + f"""# Stock widgets

{TEXT}

```{{code-cell}}
import anywidget
import ipywidgets

slider = ipywidgets.IntSlider(7, 0, 20, description="How many")
slider
```

```{{code-cell}}
ipywidgets.Play(value=3)
```

```{{code-cell}}
class Own(anywidget.AnyWidget):
    _esm = "export default {{ render({{ el }}) {{ el.textContent = 'An anywidget, too.'; }} }};"


Own()
```
""",
}
