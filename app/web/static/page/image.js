/** An image that a function answered with. Imported when one has. */
import { number, size } from "./language.js";

/**
 * Never as part of the document, in which an SVG could run something: as an image it cannot,
 * and loads nothing.
 *
 * @param {Blob} bytes
 * @param {string} title of the function
 * @returns {Promise<import("./rendered.js").Drawn>}
 */
export async function imageOf(bytes, title) {
  const image = document.createElement("img");
  image.alt = title;
  image.src = URL.createObjectURL(bytes);
  try {
    await image.decode();
  } catch {
    const nothing = document.createElement("div");
    return { node: nothing, notes: [["image-bad", { type: bytes.type }]] };
  } finally {
    // What has been decoded stays.
    URL.revokeObjectURL(image.src);
  }
  image.className = "picture";
  const { naturalWidth, naturalHeight } = image;
  const sides = { width: () => number(naturalWidth), height: () => number(naturalHeight) };
  return { node: image, notes: [["image-size", { ...sides, size: () => size(bytes.size) }]] };
}
