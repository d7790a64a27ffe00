import { Anchor, Button, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { texts } from '../texts.ts';

const { signIn } = texts;

/** What to do if one cannot sign in. */
export function Help() {
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
