import { useEffect, useState } from 'react';
import { startStore } from '../shared/store';

/** The same on the server and in the browser, where it comes to life. */
export function Store() {
  const [isAlive, setIsAlive] = useState(false);
  useEffect(() => {
    startStore();
    setIsAlive(true);
  }, []);
  return (
    <main data-alive={isAlive}>
      <h1>Store</h1>
    </main>
  );
}
