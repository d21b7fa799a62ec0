// Tells Jupyter's widget manager, which is the next script, where its parts lie: on this site, and nowhere else.
"use strict";
{
  const here = document.currentScript.src.replace(/[^/]*$/, "");
  const manager = `${here}@jupyter-widgets/html-manager`;
  requirejs.config({
    paths: {
      anywidget: `${here}anywidget/anywidget`,
      "@jupyter-widgets/html-manager": `${manager}/index`, // in embed-amd.js; beside these two it looks for its fonts
      "@jupyter-widgets/html-manager/dist": manager,
    },
  });
  document.currentScript.setAttribute("data-jupyter-widgets-cdn", here); // for modules of which it knows nothing
}
