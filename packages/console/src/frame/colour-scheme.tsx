import { ActionIcon, type MantineColorScheme, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import { texts } from '../texts.ts';
import { Icon } from './icon.tsx';

const SCHEMES: readonly MantineColorScheme[] = ['light', 'dark', 'auto'];

/** A menu of light, dark, and as the device has it. The browser remembers the choice. */
export function ColourSchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end">
      <Tooltip label={texts.colourScheme.title}>
        <Menu.Target>
          <ActionIcon aria-label={texts.colourScheme.title} size="lg">
            <Icon name="contrast" />
          </ActionIcon>
        </Menu.Target>
      </Tooltip>
      <Menu.Dropdown>
        {SCHEMES.map((scheme) => (
          <Menu.Item
            key={scheme}
            aria-current={scheme === colorScheme}
            leftSection={<Icon name={scheme === colorScheme ? 'tick' : 'none'} />}
            onClick={() => setColorScheme(scheme)}
          >
            {texts.colourScheme[scheme]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
