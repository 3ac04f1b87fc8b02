import { compareText } from '../../base/compare-text.ts';
import type { LayerContent, LayerFile } from './layer-content.ts';

/** A file as the image shows it, and the layer that it comes from. */
export interface VisibleFile extends LayerFile {
  /** An index of the layers. */
  readonly layer: number;
}

/**
 * The files of the folder as a container sees them: what a layer has hides what layers below it have. `layers`: the
 * uppermost first. Sorted by path.
 */
export function flattenLayers(layers: readonly LayerContent[]): VisibleFile[] {
  const visible: VisibleFile[] = [];
  /** Paths at which lower layers show no file. */
  const hidden = new Set<string>();
  /** Paths below which lower layers show nothing. */
  const hiddenBelow = new Set<string>();
  for (const [index, layer] of layers.entries()) {
    for (const file of layer.files) {
      const isHidden =
        hidden.has(file.path) || ancestorsOf(file.path).some((path) => hiddenBelow.has(path));
      if (!isHidden) visible.push({ ...file, layer: index });
    }
    for (const { path } of layer.files) {
      hidden.add(path);
      hiddenBelow.add(path);
      // A directory takes the place of a file, also one that has no entry of its own.
      for (const directory of ancestorsOf(path)) hidden.add(directory);
    }
    for (const { kind, path } of layer.marks) {
      if (kind !== 'opaque') hidden.add(path);
      if (kind !== 'directory') hiddenBelow.add(path);
    }
    if (layer.hidesAll) break;
  }
  return visible.sort((a, b) => compareText(a.path, b.path));
}

function ancestorsOf(path: string): string[] {
  const ancestors: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    ancestors.push(path.slice(0, end));
  }
  return ancestors;
}
