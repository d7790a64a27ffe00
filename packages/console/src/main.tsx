import '@mantine/core/styles.css';
import './frame/style.css';
import { MantineProvider } from '@mantine/core';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { allowScrollStyles, styleNonce } from './frame/style-nonce.ts';
import { cssVariablesResolver, theme } from './frame/theme.ts';
import SignInPage from './sign-in/page.tsx';

allowScrollStyles();
createRoot(document.getElementById('root') as HTMLElement).render(
  <MantineProvider
    theme={theme}
    cssVariablesResolver={cssVariablesResolver}
    defaultColorScheme="auto"
    getStyleNonce={styleNonce}
  >
    <Router base="/console">
      <SignInPage />
    </Router>
  </MantineProvider>,
);
