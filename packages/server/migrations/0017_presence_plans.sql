-- Up Migration

-- The plans that presence made, which metrics leave out of what bookings say. Where presence books nothing there are none.
CREATE INDEX day_plans_by_presence ON day_plans (tenant_id, day, user_id) WHERE set_by = 'presence';
