import { createHash } from 'node:crypto';
import pg from 'pg';
import { readCurrentRole } from '../connections/current-role.ts';
import { RESTRICTED_ROLE, type SessionRole } from '../connections/db.ts';
import { attempt } from './attempt.ts';

/**
 * All privileges of the restricted role. No table here shows rows before the transaction has entered an
 * organisation.
 */
const GRANTS = `
  GRANT USAGE ON SCHEMA rollcall TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT (tenant_id, api_key_folded, api_key, name, role, authentication, secret_sealed, created_at, expires_at,
      networks, location_ids, limits),
    UPDATE (last_used_at, secret_sealed, secret_version, previous_secret_sealed, previous_secret_expires_at, revoked_at,
      expires_at, networks, location_ids, limits)
    ON rollcall.api_keys TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE, UPDATE (logged_in_at) ON rollcall.api_key_networks TO ${RESTRICTED_ROLE};
  GRANT SELECT ON rollcall.nodes, rollcall.node_paths, rollcall.users TO ${RESTRICTED_ROLE};
  GRANT SELECT ON rollcall.office_settings, rollcall.offices, rollcall.day_plans, rollcall.bookings,
    rollcall.action_log TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT ON rollcall.presence_events, rollcall.occupancy_events, rollcall.visitor_arrivals
    TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, UPDATE (user_id, active, credential_type, updated_at) ON rollcall.access_credentials
    TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE ON rollcall.access_credential_scans TO ${RESTRICTED_ROLE};
  GRANT INSERT (tenant_id, node_id, kind, parent_id, name, status, address, time_zone, space_type, capacity),
    UPDATE (parent_id, name, status, address, time_zone, space_type, capacity) ON rollcall.nodes TO ${RESTRICTED_ROLE};
  GRANT INSERT (tenant_id, user_id, user_name, user_name_folded, email, email_folded, first_name, last_name, onboarded,
      status, primary_location_id, external_id, display_name, attributes, deprovisioned, created_at),
    UPDATE (user_name, user_name_folded, email, email_folded, first_name, last_name, onboarded, status,
      primary_location_id, external_id, display_name, deprovisioned, deprovisioned_at, created_at, modified_at, attributes,
      primary_group_id) ON rollcall.users TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE ON rollcall.user_emails TO ${RESTRICTED_ROLE};
  GRANT SELECT ON rollcall.user_addresses TO ${RESTRICTED_ROLE};
  GRANT SELECT (user_id, search_text) ON rollcall.user_searches TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, UPDATE (parent_id, status, in_hierarchy) ON rollcall.groups TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT (tenant_id, token_id, name, token_hash, created_at, expires_at),
    UPDATE (last_used_at, revoked_at) ON rollcall.scim_tokens TO ${RESTRICTED_ROLE};
  GRANT UPDATE (group_type, name, external_id, provisioned, created_at, modified_at, written_xid) ON rollcall.groups TO ${RESTRICTED_ROLE};
  GRANT UPDATE (provisioned_group_type) ON rollcall.organisation_settings TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE ON rollcall.group_members TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT (tenant_id, group_attributes, primary_group_attribute, provisioned_group_type),
    UPDATE (group_attributes, primary_group_attribute) ON rollcall.organisation_settings TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE, UPDATE (event, result_code, cause, reason, claimed_until, tried_at, tried_by, mended)
    ON rollcall.refused_events TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE ON rollcall.answered_requests TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE, UPDATE (first_event_at, last_event_at) ON rollcall.sources TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE, UPDATE (accepted, refused) ON rollcall.source_hours TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE, UPDATE (stored, warned_percent) ON rollcall.event_days TO ${RESTRICTED_ROLE};
  -- People and desks are locked while their days are written, and a row's lock asks for the right to update a
  -- column; a trigger has the say over this one.
  GRANT UPDATE (written_xid) ON rollcall.nodes, rollcall.users TO ${RESTRICTED_ROLE};
  GRANT INSERT (tenant_id, location_id, horizon_days, presence_reporting, desk_presence, release_assigned_desks),
    UPDATE (horizon_days, presence_reporting, desk_presence, release_assigned_desks) ON rollcall.office_settings
    TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, UPDATE (user_id), DELETE ON rollcall.desk_assignments TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE, UPDATE (plan, location_id) ON rollcall.week_plans TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE, UPDATE (plan, location_id, set_by) ON rollcall.day_plans TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE, UPDATE (set_by) ON rollcall.bookings TO ${RESTRICTED_ROLE};
  GRANT INSERT (tenant_id, location_id, horizon_reached), UPDATE (horizon_reached) ON rollcall.office_settings
    TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE ON rollcall.leaves TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, UPDATE (booked) ON rollcall.zone_days TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT ON rollcall.action_log TO ${RESTRICTED_ROLE};
  GRANT UPDATE (day, written_xid) ON rollcall.presence_events, rollcall.occupancy_events, rollcall.visitor_arrivals
    TO ${RESTRICTED_ROLE};
  -- The owner moves and removes rows, in the jobs of erasure and retention.
  GRANT SELECT ON rollcall.erasures TO ${RESTRICTED_ROLE};
  GRANT SELECT, DELETE ON rollcall.replaced_users, rollcall.gone_users TO ${RESTRICTED_ROLE};
  GRANT SELECT, UPDATE (done_before) ON rollcall.ended_names TO ${RESTRICTED_ROLE};
  GRANT SELECT (tenant_id, year, closed) ON rollcall.pseudonym_keys TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, UPDATE (pruned_xid) ON rollcall.replacement_marks TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, UPDATE (kept) ON rollcall.retention_settings TO ${RESTRICTED_ROLE};
  GRANT SELECT ON rollcall.removed_days TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, UPDATE (from_time_zone, to_time_zone, started_at, finished_at, events_total, events_done,
    next_table, last_observed_at, last_event_digest) ON rollcall.office_redatings TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, UPDATE (changes) ON rollcall.directory_versions TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE ON rollcall.attendance_changes TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT ON rollcall.user_numbers, rollcall.node_numbers TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, UPDATE (database, run_id, snapshot) ON rollcall.aggregate_states TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE ON rollcall.aggregate_days, rollcall.day_aggregates TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE ON rollcall.floor_plan_images TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE, UPDATE (is_draft, version, based_on, image_id, aspect_ratio, changed_at, changed_by)
    ON rollcall.floor_plans TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, UPDATE (last_version) ON rollcall.floor_plan_versions TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE, UPDATE (x, y, width, height) ON rollcall.floor_plan_placements TO ${RESTRICTED_ROLE};
  GRANT SELECT, INSERT, DELETE, UPDATE (uploaded_at) ON rollcall.floor_plan_uploads TO ${RESTRICTED_ROLE};
  -- The owner signs and deletes entries, and forgets subjects, in its jobs.
  GRANT SELECT ON rollcall.audit_entries, rollcall.audit_subjects TO ${RESTRICTED_ROLE};
  REVOKE ALL ON ALL FUNCTIONS IN SCHEMA rollcall FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION rollcall.current_tenant_id(), rollcall.enter_tenant_at(uuid, text),
    rollcall.tenant_of_api_key(text),
    rollcall.tenant_of_scim_token(bytea), rollcall.reserve_api_key(text), rollcall.index_scim_token(bytea),
    rollcall.current_organisation(), rollcall.update_organisation(text, text),
    rollcall.organisation_ids(), rollcall.all_signing_keys(), rollcall.instance_id(), rollcall.master_key_checks(),
    rollcall.is_time_zone(text),
    rollcall.group_digest(text, text), rollcall.trigram_text(text, text, text, text, text),
    rollcall.search_piece(text[], integer), rollcall.users_with_piece(text, text[], uuid, integer, integer),
    rollcall.users_by_trigrams(text[], integer),
    rollcall.catch_up_statistics(), rollcall.note_database_run(), rollcall.current_history(),
    rollcall.is_in_history(uuid, xid8), rollcall.current_position(), rollcall.keep_position(uuid, pg_lsn),
    rollcall.is_kept(uuid, pg_lsn, xid8), rollcall.database_id(), rollcall.note_attendance_mark(timestamptz), rollcall.attendance_kept_from(),
    rollcall.prune_attendance_marks(timestamptz), rollcall.note_job_start(text, timestamptz),
    rollcall.note_job_end(text, timestamptz, text), rollcall.job_states(), rollcall.standby_state(),
    rollcall.note_server_process(uuid), rollcall.forget_server_process(uuid),
    rollcall.look_up_directory(uuid, uuid[], text[], text[], uuid[], uuid[]),
    rollcall.add_audit_entries(jsonb, boolean), rollcall.places_of_logins(text[], text[]),
    rollcall.unbooked_sightings(uuid, uuid[], uuid[], timestamptz[], timestamptz[]),
    rollcall.request_erasure(uuid, timestamptz, text, text[], jsonb),
    rollcall.erase_visits(text[], text, date, date),
    rollcall.stored_without_name(uuid[], date[], uuid[], boolean), rollcall.close_pseudonym_years() TO ${RESTRICTED_ROLE};
  GRANT EXECUTE ON FUNCTION rollcall.look_up_session(bytea), rollcall.touch_session(uuid, timestamptz),
    rollcall.sessions_of_account(uuid), rollcall.end_sessions(uuid, uuid),
    rollcall.prune_sign_ins(timestamptz, timestamptz, timestamptz, timestamptz, timestamptz),
    rollcall.begin_sign_in(text, text, timestamptz, json), rollcall.settle_sign_in(json),
    rollcall.begin_session(uuid, text, json, json, bytea),
    rollcall.change_password(uuid, text, text, timestamptz, uuid, bytea, json),
    rollcall.open_sign_in_link(bytea, timestamptz),
    rollcall.redeem_sign_in_link(bytea, timestamptz, text, boolean, text, text, json, json, bytea),
    rollcall.organisation_accounts(uuid, text, text[], text, integer), rollcall.belonging_of_account(uuid), rollcall.lock_account(uuid),
    rollcall.invite_account(uuid, text, text, text, text, timestamptz, bytea, timestamptz),
    rollcall.renew_account_link(uuid, bytea, timestamptz, timestamptz),
    rollcall.change_account_role(uuid, text), rollcall.is_set_up_open(bytea, timestamptz),
    rollcall.set_up(bytea, timestamptz, json, json, json) TO ${RESTRICTED_ROLE};
  GRANT EXECUTE ON FUNCTION rollcall.begin_proven_session(uuid, json, json, bytea),
    rollcall.spend_challenge(bytea, timestamptz), rollcall.change_own_account(uuid, text, boolean),
    rollcall.passkeys_of_account(uuid), rollcall.find_passkey(bytea), rollcall.requires_passkey(uuid),
    rollcall.add_passkey(uuid, bytea, bytea, bigint, boolean, text[], text, timestamptz, integer),
    rollcall.rename_passkey(uuid, bytea, text), rollcall.remove_passkey(uuid, bytea, text),
    rollcall.use_passkey(bytea, bigint, bigint, boolean, timestamptz),
    rollcall.take_back_sign_in(json), rollcall.lock_session(uuid, uuid), rollcall.identities_of_account(uuid, text),
    rollcall.use_identity(text, text, text, timestamptz),
    rollcall.link_identity(uuid, text, text, uuid, text, timestamptz, integer),
    rollcall.link_identity_by_email(uuid, text, text, text, text, timestamptz, integer),
    rollcall.create_account_of_identity(uuid, text, text, text, uuid, text, text, timestamptz),
    rollcall.remove_identity(uuid, uuid, uuid, text),
    rollcall.apply_claimed_roles(uuid, uuid, json, timestamptz) TO ${RESTRICTED_ROLE};
`;

/** The comment on the schema once these grants are made. */
const GRANTED = `Grants of Rollcall, sha256 ${createHash('sha256').update(GRANTS).digest('hex')}`;

/**
 * Creates the restricted role if the connected role is allowed to. Makes the connected role a member of it.
 * Makes its grants if they are not current, or with `renew`. They are not repeated without need: after a
 * grant, all sessions must look up and plan again what they know of the table. Two processes must not make them at once: the caller
 * holds the lock of the set-up (`migrate`).
 *
 * A plain owner that is not allowed to create roles continues without the restricted role. Forced row-level
 * security binds owners, too.
 */
export async function applyGrants(client: pg.Client, { renew }: { renew: boolean }): Promise<void> {
  const { rows } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [RESTRICTED_ROLE]);
  if (rows.length === 0) {
    const created = await attempt(client, `CREATE ROLE ${RESTRICTED_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS`);
    if (!created) return;
  }
  if (!(await mayBecomeRestricted(client))) {
    await attempt(client, `GRANT ${RESTRICTED_ROLE} TO CURRENT_USER`);
  }
  if (!renew && (await hasGrants(client))) return;
  await client.query(`BEGIN; ${GRANTS} COMMENT ON SCHEMA rollcall IS '${GRANTED}'; COMMIT`);
}

/**
 * Checks the privilege as well as the comment. A copy of the database can keep the comment without the
 * grants. The role can also have been dropped and created again.
 */
export async function hasGrants(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ granted: boolean }>(
    `SELECT CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = $1)
              THEN has_schema_privilege($1, oid, 'USAGE') AND obj_description(oid, 'pg_namespace') = $2 END AS granted
     FROM pg_namespace WHERE nspname = 'rollcall'`,
    [RESTRICTED_ROLE, GRANTED],
  );
  return rows[0]?.granted ?? false;
}

/** Row-level security does not bind the connected role, and the role cannot become one that it binds. */
export class UnrestrictedRoleError extends Error {}

/**
 * How row-level security binds connections of this role. Either they become the restricted role, or forced
 * policies bind a plain owner that cannot become it. Throws `UnrestrictedRoleError`; its message says what to
 * grant.
 */
export async function chooseRole(client: pg.Client): Promise<SessionRole> {
  if (await mayBecomeRestricted(client)) return 'restricted';
  const { name, isExempt } = await readCurrentRole(client);
  if (!isExempt) return 'owner';
  const isMissing =
    (await client.query('SELECT FROM pg_roles WHERE rolname = $1', [RESTRICTED_ROLE])).rowCount === 0;
  const create = isMissing ? `CREATE ROLE ${RESTRICTED_ROLE} NOLOGIN; ` : '';
  throw new UnrestrictedRoleError(
    `The database role ${name} is exempt from row-level security and cannot become ${RESTRICTED_ROLE}: ` +
      `have an administrator run ${create}GRANT ${RESTRICTED_ROLE} TO ${pg.escapeIdentifier(name)};`,
  );
}

async function mayBecomeRestricted(client: pg.Client): Promise<boolean> {
  try {
    await client.query(`SET ROLE ${RESTRICTED_ROLE}`);
    const { isExempt } = await readCurrentRole(client);
    await client.query('RESET ROLE');
    return !isExempt;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return false;
    throw error;
  }
}
