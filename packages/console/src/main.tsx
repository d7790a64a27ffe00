import '@mantine/core/styles.css';
import './frame/style.css';
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { linkToken } from './frame/link-token.ts';
import { queryClient } from './frame/session.ts';
import { allowScrollStyles, styleNonce } from './frame/style-nonce.ts';
import { cssVariablesResolver, theme } from './frame/theme.ts';
import { Routes } from './routes.tsx';

allowScrollStyles();
// The token leaves the address before anything else is loaded.
linkToken();
createRoot(document.getElementById('root') as HTMLElement).render(
  <MantineProvider
    theme={theme}
    cssVariablesResolver={cssVariablesResolver}
    defaultColorScheme="auto"
    getStyleNonce={styleNonce}
  >
    <QueryClientProvider client={queryClient}>
      <Router base="/console">
        <Routes />
      </Router>
    </QueryClientProvider>
  </MantineProvider>,
);
