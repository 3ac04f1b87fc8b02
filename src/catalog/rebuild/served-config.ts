import { type ExactJson, exactJson, fieldOf, withField } from '../../built/exact-json.ts';
import { CONFIGS_FOLDER } from './whiteouts.ts';

const CONFIGS_LABEL = 'operators.operatorframework.io.index.configs.v1';

/**
 * The config of an image with the configs served from where rebuilt catalogs have them, without the cache that was made of
 * others (spec, operator-catalogs, 5.2).
 */
export function servedConfig(config: ExactJson): ExactJson {
  const folder = `/${CONFIGS_FOLDER}`;
  const settings = fieldOf(config, 'config');
  const labels = withField(fieldOf(settings, 'Labels'), CONFIGS_LABEL, exactJson(folder));
  const command = withField(settings, 'Cmd', exactJson(['serve', folder]));
  return withField(config, 'config', withField(command, 'Labels', labels));
}
