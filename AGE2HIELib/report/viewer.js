// The controls of the interactive view. Everything it shows is on the page already: nothing is fetched.
(() => {
  const section = document.getElementById("viewer");
  const part = (name) => document.getElementById("viewer-" + name);
  const fail = (reason) => {
    part("stage").hidden = true;
    part("message").textContent = "There is no interactive view: " + reason + ". The pictures above show the same maps.";
    part("message").hidden = false;
    section.dataset.state = "unavailable";
  };
  const start = async () => {
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const content = JSON.parse(document.getElementById("viewer-content").textContent);
    const packed = document.getElementById("viewer-library").textContent.trim();
    const plain = new Blob([bytes(packed)]).stream().pipeThrough(new DecompressionStream("gzip"));
    const library = document.createElement("script");
    library.textContent = await new Response(plain).text();
    document.head.append(library);

    const view = new niivue.Niivue({
      isRadiologicalConvention: true,
      multiplanarShowRender: niivue.SHOW_RENDER.NEVER,
      multiplanarLayout: niivue.MULTIPLANAR_TYPE.ROW,
      backColor: [0.047, 0.051, 0.063, 1],
      crosshairColor: [0.35, 0.86, 0.63, 0.5],
      crosshairWidth: 0.3,
      crosshairGap: 6,
      fontMinPx: 16,
      isCornerOrientationText: true,
      loadingText: "",
      dragAndDropEnabled: false,
      logLevel: "silent",
    });
    await view.attachToCanvas(part("canvas"));
    view.setSliceType(view.sliceTypeMultiplanar);
    view.addColormap("age2hie", content.colours);

    const load = (data, name, options) => niivue.NVImage.loadFromBase64({ base64: data, name: name + ".nii.gz", ...options });
    const [low, high] = content.window;
    const below = await load(content.below, "below", { colormap: "gray", cal_min: low, cal_max: high });
    view.addVolume(below);

    const threshold = () => content.steps * (1 - Number(part("threshold").value) / 100);
    const opacity = () => Number(part("opacity").value) / 100;
    const choose = async (name) => {
      const chosen = content.maps.find((one) => one.name === name);
      const options = { colormap: "age2hie", cal_min: threshold(), cal_max: content.steps, opacity: opacity() };
      const volume = await load(chosen.data, name, options);
      if (view.volumes.length > 1) view.removeVolumeByIndex(1);
      view.addVolume(volume);
      apply();
    };
    const apply = () => {
      const overlay = view.volumes[1];
      overlay.cal_min = Math.min(threshold() + 0.5, content.steps - 0.5); // what equals the limit is weaker
      overlay.cal_max = content.steps;
      part("threshold-text").textContent = part("threshold").value + " %";
      part("opacity-text").textContent = part("opacity").value + " %";
      view.setOpacity(1, opacity());
      view.updateGLVolume();
    };
    const slices = below.dims[3];
    const slice = part("slice");
    slice.max = slices;
    const showSlice = () => { part("slice-text").textContent = slice.value + " of " + slices; };
    const goTo = (at) => {
      view.scene.crosshairPos = at;
      slice.value = Math.min(slices, Math.floor(at[2] * slices) + 1);
      view.drawScene();
      showSlice();
    };
    const goToSlice = () => goTo([view.scene.crosshairPos[0], view.scene.crosshairPos[1], (slice.value - 0.5) / slices]);
    view.onLocationChange = () => {
      const level = Math.floor(view.scene.crosshairPos[2] * slices) + 1;
      slice.value = Math.max(1, Math.min(slices, level));
      showSlice();
    };
    part("threshold").addEventListener("input", apply);
    part("opacity").addEventListener("input", apply);
    slice.addEventListener("input", goToSlice);
    const method = part("method");
    if (method) method.addEventListener("change", () => choose(method.value));
    const shown = () => content.maps.find((one) => one.name === (method ? method.value : content.maps[0].name));
    const goToPeak = () => { if (shown().peak) goTo(shown().peak); };
    part("peak").addEventListener("click", goToPeak);
    content.points.forEach((point, number) => part("point-" + number).addEventListener("click", () => goTo(point.at)));
    await choose(content.maps[0].name);
    goTo(shown().peak || [0.5, 0.5, 0.5]);
    section.dataset.state = "ready";
  };
  if (!window.WebGL2RenderingContext || !document.createElement("canvas").getContext("webgl2")) {
    fail("this browser does not offer WebGL 2");
  } else if (!window.DecompressionStream) {
    fail("it needs a browser of 2023 or newer");
  } else {
    start().catch((error) => fail(String(error.message || error)));
  }
})();
