import { init } from 'signals-interventions';
// esbuild does not look into `new URL(…, import.meta.url)`: its file loader copies the file and gives its address.
import wasm from 'signals-interventions/signals-interventions.wasm';
import { startStore } from '../shared/store';

init(new URL(wasm, import.meta.url));
startStore();
