import type { FolderLimits } from '../store/bound-folder.ts';

/** Of the folder that `openCatalog` keeps catalogs in. Roomy: the documents of the four large catalogs of one version take about 1 GiB. */
export const CATALOG_FOLDER_LIMITS: FolderLimits = {
  bytes: 8 * 1024 ** 3,
  inUseMs: 60 * 60 * 1000,
};
