import { hydrateRoot } from 'react-dom/client';
import { Store } from './store';

const root = document.querySelector('#root');
if (root) hydrateRoot(root, <Store />, { onRecoverableError: (error) => console.error(error) });
