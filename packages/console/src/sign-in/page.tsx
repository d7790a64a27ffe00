import { Anchor, Button, Group, Modal, Paper, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ColourSchemeMenu } from '../frame/colour-scheme.tsx';
import { texts } from '../texts.ts';

const { signIn } = texts;

/** The page on which a person signs in. */
export default function SignInPage() {
  return (
    <main className="narrow">
      <Group justify="space-between" mb="md">
        <Text fw={600}>{texts.product}</Text>
        <ColourSchemeMenu />
      </Group>
      <Paper withBorder p="lg">
        <Stack>
          <Title>{signIn.title}</Title>
          <Help />
        </Stack>
      </Paper>
    </main>
  );
}

function Help() {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Anchor component="button" type="button" size="sm" onClick={open}>
        {signIn.help}
      </Anchor>
      <Modal
        opened={opened}
        onClose={close}
        title={signIn.helpTitle}
        closeButtonProps={{ 'aria-label': signIn.close }}
      >
        <Stack>
          {signIn.helpParagraphs.map((paragraph) => (
            <Text key={paragraph} size="sm">
              {paragraph}
            </Text>
          ))}
          <Button variant="default" onClick={close}>
            {signIn.close}
          </Button>
        </Stack>
      </Modal>
    </>
  );
}
