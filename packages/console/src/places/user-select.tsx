import { clientOf } from '../frame/client.ts';
import { fullNameOf } from '../frame/names.ts';
import { SearchSelect } from '../frame/search-select.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';

const { assignment: words } = texts.places;

interface UserSelectProps {
  label: string;
  /** The id of the chosen user. */
  value: string | undefined;
  onChange: (userId: string | undefined) => void;
}

/** Chooses an active user, searched on the server by parts of the name or e-mail address. */
export function UserSelect({ label, value, onChange }: UserSelectProps) {
  const { organisation } = useOrganisation();
  return (
    <SearchSelect
      label={label}
      placeholder={words.findHint}
      nothing={words.nobodyFound}
      miw={260}
      value={value}
      onChoose={onChange}
      clear={{ label: words.chooseNobody, onClear: () => onChange(undefined) }}
      queryKey={[organisation, 'users', 'choices']}
      read={async (page, options) => {
        const { items, next } = await clientOf(organisation).manage.users.page(
          { ...page, status: 'active' },
          options,
        );
        return { items: items.map((user) => ({ value: user.userId, label: fullNameOf(user) })), next };
      }}
    />
  );
}
