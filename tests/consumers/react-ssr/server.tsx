import { renderToString } from 'react-dom/server';
import { Store } from './store';

/** The page as a server sends it. */
export const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Store</title>
<link rel="icon" href="data:,"><script type="module" src="client.js"></script></head>
<body><div id="root">${renderToString(<Store />)}</div></body></html>`;
