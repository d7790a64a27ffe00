// `npm run sdk:types` writes this file from packages/server/openapi.json: do not edit it.

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  correlationId: string;
  errors?: Array<{
    path: string;
    message: string;
  }>;
}

/** The parameters, body and reply of each operation as they are on the wire: dates are text. */
export interface Operations {
  /** Log in with an HMAC hash */
  'POST /v1/auth': {
    body: {
      /** id of the key */
      apiKey: string;
      /** Unix time in whole seconds */
      timestamp: number | string;
      /** hex of HMAC-SHA256 under the secret, over apiKey and timestamp as sent */
      hash: string;
    };
    reply: {
      authenticated: true;
      message: string;
      token: string;
      /** Unix time in seconds */
      expiration: number;
    };
  };
  /** OAuth 2.0 client credentials (RFC 6749 section 4.4) */
  'POST /v1/auth/token': {
    body: null | {
      /** client_credentials, if given */
      grant_type?: string | null | undefined;
      client_id?: string | null | undefined;
      client_secret?: string | null | undefined;
    };
    reply: {
      access_token: string;
      /** seconds */
      expires_in: number;
      token_type: "Bearer";
    };
  };
  /** List refused events and malformed requests, the newest first */
  'GET /v1/manage/refused-events': {
    query: {
      /** only what was refused at this ISO 8601 instant or later */
      since?: string | undefined;
      endpoint?: "presence" | "occupancy" | "timeoff" | "visitor-arrival" | "access-credentials" | undefined;
      sourceId?: string | undefined;
      /** exactly this reason */
      reason?: string | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the page before */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        refusedAt: string;
        /** the last part of the path: presence, occupancy, timeoff, visitor-arrival, access-credentials */
        endpoint: string;
        /** id of the key that sent it */
        apiKey: string;
        sourceId: string | null;
        eventId: string | null;
        /** as the sender was told; null where the whole request was malformed */
        resultCode: number | null;
        reason: string;
        /** what was sent, as the text of its JSON; cut where it was long */
        event: string | null;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Count refused events by endpoint and reason, the commonest first */
  'GET /v1/manage/refused-events/reasons': {
    query: {
      /** only what was refused at this ISO 8601 instant or later */
      since?: string | undefined;
      endpoint?: "presence" | "occupancy" | "timeoff" | "visitor-arrival" | "access-credentials" | undefined;
      sourceId?: string | undefined;
      /** exactly this reason */
      reason?: string | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
    };
    reply: {
      items: Array<{
        endpoint: string;
        resultCode: number | null;
        reason: string;
        count: number;
        firstRefusedAt: string;
        lastRefusedAt: string;
        lastSourceId: string | null;
        lastEventId: string | null;
      }>;
    };
  };
  /** Submit presence events */
  'POST /v1/presence': {
    body: {
      /** any text; kept for troubleshooting */
      sourceId: string;
      presenceEvents: Array<{
        /** any text; echoed */
        eventId: string;
        /** ISO 8601; UTC without an offset; may be in the past */
        timestamp: string;
        /** id of a node of the tree */
        locationId: string;
        /** kind of that node: location, level, zone, place, space */
        locationType: string;
        userId?: string | null | undefined;
        /** case sensitive: exact e-mail, else exact userName */
        userEmail?: string | null | undefined;
        /** the source's own id of the person; without userId and userEmail, scan data or number of an access card */
        sourceUserId?: string | null | undefined;
      }>;
    };
    reply: {
      sourceId: string;
      /** the server's time */
      timestamp: string;
      /** one per event, in the order of the request */
      results: Array<{
        eventId: string;
        /** 0 stored (a repeat included), 1 user not found, 2 location not found, 3 the event is not acceptable */
        resultCode: number;
        message: string;
        /** only of a stored event, and only with the header "Prefer: tell-new": true where this request stored it, false where it was stored already */
        isNew?: boolean;
      }>;
    };
  };
  /** Submit occupancy events */
  'POST /v1/occupancy': {
    body: {
      /** any text; kept for troubleshooting */
      sourceId: string;
      occupancyEvents: Array<{
        /** any text; echoed */
        eventId: string;
        /** ISO 8601; UTC without an offset; may be in the past */
        timestamp: string;
        /** id of a node of the tree */
        locationId: string;
        /** kind of that node: location, level, zone, place, space */
        locationType: string;
        /** whether occupancy is more than 0, where absent */
        occupied?: boolean | null | undefined;
        /** number of people, 0 or more; needed where occupied is absent */
        occupancy?: number | null | undefined;
      }>;
    };
    reply: {
      sourceId: string;
      /** the server's time */
      timestamp: string;
      /** one per event, in the order of the request */
      results: Array<{
        eventId: string;
        /** 0 stored (a repeat included), 1 user not found, 2 location not found, 3 the event is not acceptable */
        resultCode: number;
        message: string;
        /** only of a stored event, and only with the header "Prefer: tell-new": true where this request stored it, false where it was stored already */
        isNew?: boolean;
      }>;
    };
  };
  /** Schedule and cancel time off */
  'POST /v1/timeoff': {
    body: {
      timeOffEvents: Array<{
        /** any text; echoed */
        eventId: string;
        /** e-mail or userName; exact, else the only one that differs by case */
        email?: string | null | undefined;
        /** id of the user; this or email */
        uid?: string | null | undefined;
        /** scheduled, cancelled */
        eventType: string;
        /** first day; YYYY-MM-DD, or an ISO 8601 instant: midnight in UTC or by its own offset is that date, any other the local date at the user's office */
        startDate: string;
        /** last day, included; as startDate */
        endDate: string;
        /** holiday, leave, sick */
        timeOffType?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      /** one per event, in the order of the request */
      results: Array<{
        eventId: string;
        /** 0 stored (a repeat included), 1 user not found, 2 location not found, 3 the event is not acceptable */
        resultCode: number;
        message: string;
      }>;
    };
  };
  /** Submit arrivals of visitors */
  'POST /v1/visitor-arrival': {
    body: {
      /** any text; kept for troubleshooting */
      sourceId: string;
      visitorArrivals: Array<{
        /** any text; echoed */
        eventId: string;
        /** ISO 8601; UTC without an offset; may be in the past */
        timestamp: string;
        /** id of a node of the tree, of any kind */
        locationId: string;
        /** not empty */
        visitorName: string;
        visitorEmail?: string | null | undefined;
        visitorCompany?: string | null | undefined;
        hostUserId?: string | null | undefined;
        /** e-mail or userName; exact, else the only one that differs by case */
        hostUserEmail?: string | null | undefined;
      }>;
    };
    reply: {
      sourceId: string;
      /** the server's time */
      timestamp: string;
      /** one per event, in the order of the request */
      results: Array<{
        eventId: string;
        /** 0 stored (a repeat included), 1 user not found, 2 location not found, 3 the event is not acceptable */
        resultCode: number;
        message: string;
        /** only of a stored event, and only with the header "Prefer: tell-new": true where this request stored it, false where it was stored already */
        isNew?: boolean;
      }>;
    };
  };
  /** Activate and deactivate people's cards */
  'POST /v1/access-credentials': {
    body: {
      data: Array<{
        /** e-mail or userName; exact, else the only one that differs by case */
        username: string;
        /** any text; echoed */
        updateId: string;
        /** cards that are not among these stay as they are */
        credentials: Array<{
          active: boolean;
          /** with facilityCode, what identifies the card */
          cardNumber: string;
          /** absent and empty are the same */
          facilityCode?: string | null | undefined;
          /** what readers send when they see the card */
          scanData: Array<string>;
          /** any text */
          credentialType: string;
        }>;
      }>;
    };
    reply: {
      updateId: string;
      result: "OK" | "PARTIAL_UPDATE" | "CARD_UPDATE_FAILED" | "USER_NOT_FOUND";
      message: string;
      /** one per card, in the order of the update */
      results: Array<{
        cardNumber: string;
        /** as it was sent */
        facilityCode?: string | null;
        result: "OK" | "CARD_UPDATE_FAILED";
        message: string;
      }>;
    } | Array<{
      updateId: string;
      result: "OK" | "PARTIAL_UPDATE" | "CARD_UPDATE_FAILED" | "USER_NOT_FOUND";
      message: string;
      /** one per card, in the order of the update */
      results: Array<{
        cardNumber: string;
        /** as it was sent */
        facilityCode?: string | null;
        result: "OK" | "CARD_UPDATE_FAILED";
        message: string;
      }>;
    }>;
  };
  /** List locations, active and inactive, by id */
  'GET /v1/manage/locations': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the page before */
      after?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        locationId: string;
        locationName: string;
        address: string | null;
        timeZone: string;
        status: "active" | "inactive";
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change locations. Each item as a row of the CSV import: matched by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties one. */
  'POST /v1/manage/locations': {
    body: {
      items: Array<{
        /** a GUID; that of a location that exists changes it, another is kept */
        locationId?: string | null | undefined;
        /** unique */
        locationName?: string | null | undefined;
        /** one text */
        address?: string | null | undefined;
        /** IANA name, such as Europe/London; needed for what is new */
        timeZone?: string | null | undefined;
        /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
        status?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** of what the item made, changed or left as it was; null where it was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** why it was refused, naming the member and its value; else Success */
        message: string;
      }>;
    };
  };
  /** Read one location */
  'GET /v1/manage/locations/{locationId}': {
    path: {
      locationId: string;
    };
    reply: {
      locationId: string;
      locationName: string;
      address: string | null;
      timeZone: string;
      status: "active" | "inactive";
    };
  };
  /** Change one location. A merge patch (RFC 7396), sent as application/json: members that are left out stay, null empties. */
  'PATCH /v1/manage/locations/{locationId}': {
    path: {
      locationId: string;
    };
    body: {
      /** unique */
      locationName?: string | undefined;
      /** one text */
      address?: string | null | undefined;
      /** IANA name, such as Europe/London; needed for what is new */
      timeZone?: string | undefined;
      /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
      status?: string | undefined;
    };
    reply: {
      locationId: string;
      locationName: string;
      address: string | null;
      timeZone: string;
      status: "active" | "inactive";
    };
  };
  /** List levels, active and inactive, by id */
  'GET /v1/manage/levels': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the page before */
      after?: string | undefined;
      /** of one location */
      locationId?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        levelId: string;
        levelName: string;
        locationId: string;
        locationName: string;
        status: "active" | "inactive";
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change levels. Each item as a row of the CSV import: matched by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties one. */
  'POST /v1/manage/levels': {
    body: {
      items: Array<{
        /** a GUID; that of a level that exists changes it, another is kept */
        levelId?: string | null | undefined;
        /** unique in its location */
        levelName?: string | null | undefined;
        /** the location it is in, which must exist */
        locationId?: string | null | undefined;
        /** the location by its name, beside its id or without */
        locationName?: string | null | undefined;
        /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
        status?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** of what the item made, changed or left as it was; null where it was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** why it was refused, naming the member and its value; else Success */
        message: string;
      }>;
    };
  };
  /** Read one level */
  'GET /v1/manage/levels/{levelId}': {
    path: {
      levelId: string;
    };
    reply: {
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    };
  };
  /** Change one level. A merge patch (RFC 7396), sent as application/json: members that are left out stay, null empties. */
  'PATCH /v1/manage/levels/{levelId}': {
    path: {
      levelId: string;
    };
    body: {
      /** unique in its location */
      levelName?: string | undefined;
      /** the location it is in, which must exist */
      locationId?: string | undefined;
      /** the location by its name, beside its id or without */
      locationName?: string | undefined;
      /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
      status?: string | undefined;
    };
    reply: {
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    };
  };
  /** List zones, active and inactive, by id */
  'GET /v1/manage/zones': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the page before */
      after?: string | undefined;
      /** of one location */
      locationId?: string | undefined;
      /** of one level */
      levelId?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        zoneId: string;
        zoneName: string;
        levelId: string;
        levelName: string;
        locationId: string;
        locationName: string;
        /** how many may be booked into it; null: no bound */
        capacity: number | null;
        status: "active" | "inactive";
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change zones. Each item as a row of the CSV import: matched by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties one. */
  'POST /v1/manage/zones': {
    body: {
      items: Array<{
        /** a GUID; that of a zone that exists changes it, another is kept */
        zoneId?: string | null | undefined;
        /** unique on its level */
        zoneName?: string | null | undefined;
        /** how many may be booked into it, desks included; a whole number from 0 */
        capacity?: number | null | undefined;
        /** the location it is in, which must exist */
        locationId?: string | null | undefined;
        /** the location by its name, beside its id or without */
        locationName?: string | null | undefined;
        /** the level it is on; its id alone is enough where it exists */
        levelId?: string | null | undefined;
        /** its level by name; made where the location has none of that name */
        levelName?: string | null | undefined;
        /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
        status?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** of what the item made, changed or left as it was; null where it was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** why it was refused, naming the member and its value; else Success */
        message: string;
      }>;
    };
  };
  /** Read one zone */
  'GET /v1/manage/zones/{zoneId}': {
    path: {
      zoneId: string;
    };
    reply: {
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** how many may be booked into it; null: no bound */
      capacity: number | null;
      status: "active" | "inactive";
    };
  };
  /** Change one zone. A merge patch (RFC 7396), sent as application/json: members that are left out stay, null empties. */
  'PATCH /v1/manage/zones/{zoneId}': {
    path: {
      zoneId: string;
    };
    body: {
      /** unique on its level */
      zoneName?: string | undefined;
      /** how many may be booked into it, desks included; a whole number from 0 */
      capacity?: number | null | undefined;
      /** the location it is in, which must exist */
      locationId?: string | undefined;
      /** the location by its name, beside its id or without */
      locationName?: string | undefined;
      /** the level it is on; its id alone is enough where it exists */
      levelId?: string | undefined;
      /** its level by name; made where the location has none of that name */
      levelName?: string | undefined;
      /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
      status?: string | undefined;
    };
    reply: {
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** how many may be booked into it; null: no bound */
      capacity: number | null;
      status: "active" | "inactive";
    };
  };
  /** List desks, active and inactive, by id */
  'GET /v1/manage/desks': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the page before */
      after?: string | undefined;
      /** of one location */
      locationId?: string | undefined;
      /** of one level */
      levelId?: string | undefined;
      /** of one zone */
      zoneId?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        deskId: string;
        deskName: string;
        zoneId: string;
        zoneName: string;
        levelId: string;
        levelName: string;
        locationId: string;
        locationName: string;
        /** whose desk it is */
        assignedUserId: string | null;
        status: "active" | "inactive";
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change desks. Each item as a row of the CSV import: matched by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties one. */
  'POST /v1/manage/desks': {
    body: {
      items: Array<{
        /** a GUID; that of a desk that exists changes it, another is kept */
        deskId?: string | null | undefined;
        /** unique in its zone */
        deskName?: string | null | undefined;
        /** the zone it is in; its id alone is enough where it exists */
        zoneId?: string | null | undefined;
        /** its zone by name; made where the level has none of that name */
        zoneName?: string | null | undefined;
        /** the location it is in, which must exist */
        locationId?: string | null | undefined;
        /** the location by its name, beside its id or without */
        locationName?: string | null | undefined;
        /** the level it is on; its id alone is enough where it exists */
        levelId?: string | null | undefined;
        /** its level by name; made where the location has none of that name */
        levelName?: string | null | undefined;
        /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
        status?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** of what the item made, changed or left as it was; null where it was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** why it was refused, naming the member and its value; else Success */
        message: string;
      }>;
    };
  };
  /** Read one desk */
  'GET /v1/manage/desks/{deskId}': {
    path: {
      deskId: string;
    };
    reply: {
      deskId: string;
      deskName: string;
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** whose desk it is */
      assignedUserId: string | null;
      status: "active" | "inactive";
    };
  };
  /** Change one desk. A merge patch (RFC 7396), sent as application/json: members that are left out stay, null empties. */
  'PATCH /v1/manage/desks/{deskId}': {
    path: {
      deskId: string;
    };
    body: {
      /** unique in its zone */
      deskName?: string | undefined;
      /** the zone it is in; its id alone is enough where it exists */
      zoneId?: string | undefined;
      /** its zone by name; made where the level has none of that name */
      zoneName?: string | undefined;
      /** the location it is in, which must exist */
      locationId?: string | undefined;
      /** the location by its name, beside its id or without */
      locationName?: string | undefined;
      /** the level it is on; its id alone is enough where it exists */
      levelId?: string | undefined;
      /** its level by name; made where the location has none of that name */
      levelName?: string | undefined;
      /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
      status?: string | undefined;
    };
    reply: {
      deskId: string;
      deskName: string;
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** whose desk it is */
      assignedUserId: string | null;
      status: "active" | "inactive";
    };
  };
  /** List spaces, active and inactive, by id */
  'GET /v1/manage/spaces': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the page before */
      after?: string | undefined;
      /** of one location */
      locationId?: string | undefined;
      /** of one level */
      levelId?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        spaceId: string;
        spaceName: string;
        spaceType: string | null;
        capacity: number | null;
        levelId: string;
        levelName: string;
        locationId: string;
        locationName: string;
        status: "active" | "inactive";
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change spaces. Each item as a row of the CSV import: matched by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties one. */
  'POST /v1/manage/spaces': {
    body: {
      items: Array<{
        /** a GUID; that of a space that exists changes it, another is kept */
        spaceId?: string | null | undefined;
        /** unique on its level */
        spaceName?: string | null | undefined;
        /** any text */
        spaceType?: string | null | undefined;
        /** a whole number from 0 */
        capacity?: number | null | undefined;
        /** the location it is in, which must exist */
        locationId?: string | null | undefined;
        /** the location by its name, beside its id or without */
        locationName?: string | null | undefined;
        /** the level it is on; its id alone is enough where it exists */
        levelId?: string | null | undefined;
        /** its level by name; made where the location has none of that name */
        levelName?: string | null | undefined;
        /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
        status?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** of what the item made, changed or left as it was; null where it was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** why it was refused, naming the member and its value; else Success */
        message: string;
      }>;
    };
  };
  /** Read one space */
  'GET /v1/manage/spaces/{spaceId}': {
    path: {
      spaceId: string;
    };
    reply: {
      spaceId: string;
      spaceName: string;
      spaceType: string | null;
      capacity: number | null;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    };
  };
  /** Change one space. A merge patch (RFC 7396), sent as application/json: members that are left out stay, null empties. */
  'PATCH /v1/manage/spaces/{spaceId}': {
    path: {
      spaceId: string;
    };
    body: {
      /** unique on its level */
      spaceName?: string | undefined;
      /** any text */
      spaceType?: string | null | undefined;
      /** a whole number from 0 */
      capacity?: number | null | undefined;
      /** the location it is in, which must exist */
      locationId?: string | undefined;
      /** the location by its name, beside its id or without */
      locationName?: string | undefined;
      /** the level it is on; its id alone is enough where it exists */
      levelId?: string | undefined;
      /** its level by name; made where the location has none of that name */
      levelName?: string | undefined;
      /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
      status?: string | undefined;
    };
    reply: {
      spaceId: string;
      spaceName: string;
      spaceType: string | null;
      capacity: number | null;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    };
  };
  /** List users, active and inactive, by id */
  'GET /v1/manage/users': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the page before */
      after?: string | undefined;
      /** with this primary location */
      locationId?: string | undefined;
      /** with this userName, without regard to case */
      userName?: string | undefined;
      /** with this e-mail, without regard to case */
      email?: string | undefined;
      /** true: only those whom the identity provider deleted; false: all others */
      deleted?: string | undefined;
      /** active or inactive */
      status?: string | undefined;
    };
    reply: {
      items: Array<{
        userId: string;
        userName: string;
        email: string | null;
        firstName: string | null;
        lastName: string | null;
        onboarded: boolean;
        status: "active" | "inactive";
        primaryLocationId: string | null;
        primaryLocationName: string | null;
        primaryGroupId: string | null;
        attributes: Record<string, unknown>;
        assignedDeskIds: Array<string>;
        /** the identity provider's own id */
        externalId: string | null;
        /** the identity provider deleted the person, who is inactive */
        deleted: boolean;
        /** null also where it is not known */
        deletedAt: string | null;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Create and change users. Each item as a row of the CSV import: matched by its id, else by its name. Members that are left out, empty or null stay as they are; only PATCH empties one. */
  'POST /v1/manage/users': {
    body: {
      items: Array<{
        /** a GUID; that of a user that exists changes it, another is kept */
        userId?: string | null | undefined;
        /** unique without regard to case */
        userName?: string | null | undefined;
        /** kept exactly as written; unique among active users */
        email?: string | null | undefined;
        /** any text */
        firstName?: string | null | undefined;
        /** any text */
        lastName?: string | null | undefined;
        /** false is the default of who is new */
        onboarded?: boolean | null | undefined;
        /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
        status?: string | null | undefined;
        /** their usual location, which must exist */
        primaryLocationId?: string | null | undefined;
        /** their usual location by its name, beside its id or without */
        primaryLocationName?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** of what the item made, changed or left as it was; null where it was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** why it was refused, naming the member and its value; else Success */
        message: string;
      }>;
    };
  };
  /** Read one user */
  'GET /v1/manage/users/{userId}': {
    path: {
      userId: string;
    };
    reply: {
      userId: string;
      userName: string;
      email: string | null;
      firstName: string | null;
      lastName: string | null;
      onboarded: boolean;
      status: "active" | "inactive";
      primaryLocationId: string | null;
      primaryLocationName: string | null;
      primaryGroupId: string | null;
      attributes: Record<string, unknown>;
      assignedDeskIds: Array<string>;
      /** the identity provider's own id */
      externalId: string | null;
      /** the identity provider deleted the person, who is inactive */
      deleted: boolean;
      /** null also where it is not known */
      deletedAt: string | null;
    };
  };
  /** Change one user. A merge patch (RFC 7396), sent as application/json: members that are left out stay, null empties. */
  'PATCH /v1/manage/users/{userId}': {
    path: {
      userId: string;
    };
    body: {
      /** unique without regard to case */
      userName?: string | undefined;
      /** kept exactly as written; unique among active users */
      email?: string | null | undefined;
      /** any text */
      firstName?: string | null | undefined;
      /** any text */
      lastName?: string | null | undefined;
      /** false is the default of who is new */
      onboarded?: boolean | undefined;
      /** `active`, the default of what is new, or `inactive`: nothing is ever deleted */
      status?: string | undefined;
      /** their usual location, which must exist */
      primaryLocationId?: string | null | undefined;
      /** their usual location by its name, beside its id or without */
      primaryLocationName?: string | null | undefined;
    };
    reply: {
      userId: string;
      userName: string;
      email: string | null;
      firstName: string | null;
      lastName: string | null;
      onboarded: boolean;
      status: "active" | "inactive";
      primaryLocationId: string | null;
      primaryLocationName: string | null;
      primaryGroupId: string | null;
      attributes: Record<string, unknown>;
      assignedDeskIds: Array<string>;
      /** the identity provider's own id */
      externalId: string | null;
      /** the identity provider deleted the person, who is inactive */
      deleted: boolean;
      /** null also where it is not known */
      deletedAt: string | null;
    };
  };
  /** List desks that are assigned to somebody, by id */
  'GET /v1/manage/desk-assignments': {
    query: {
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the page before */
      after?: string | undefined;
      /** of one location */
      locationId?: string | undefined;
      /** of one person */
      userId?: string | undefined;
    };
    reply: {
      items: Array<{
        deskId: string;
        deskName: string;
        zoneId: string;
        zoneName: string;
        levelId: string;
        levelName: string;
        locationId: string;
        locationName: string;
        /** whose desk it is; null: nobody's */
        userId: string | null;
        userName: string | null;
        /** false where the desk is retired, or the person has left: an assignment means nothing then */
        inEffect: boolean;
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Assign desks to people, or to nobody. Items apply in order. Bookings stay as they are. */
  'POST /v1/manage/desk-assignments': {
    body: {
      items: Array<{
        deskId: string;
        /** an active user; null, without a userName: nobody */
        userId?: string | null | undefined;
        /** instead of the id: exact e-mail or userName, else a unique match without regard to case */
        userName?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** of what the item made, changed or left as it was; null where it was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** why it was refused, naming the member and its value; else Success */
        message: string;
      }>;
    };
  };
  /** Assign a desk to somebody */
  'PUT /v1/manage/desks/{deskId}/assignment': {
    path: {
      deskId: string;
    };
    body: {
      /** an active user; null, without a userName: nobody */
      userId?: string | null | undefined;
      /** instead of the id: exact e-mail or userName, else a unique match without regard to case */
      userName?: string | null | undefined;
    };
    reply: {
      deskId: string;
      deskName: string;
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** whose desk it is; null: nobody's */
      userId: string | null;
      userName: string | null;
      /** false where the desk is retired, or the person has left: an assignment means nothing then */
      inEffect: boolean;
    };
  };
  /** Make a desk nobody's */
  'DELETE /v1/manage/desks/{deskId}/assignment': {
    path: {
      deskId: string;
    };
    reply: {
      deskId: string;
      deskName: string;
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      /** whose desk it is; null: nobody's */
      userId: string | null;
      userName: string | null;
      /** false where the desk is retired, or the person has left: an assignment means nothing then */
      inEffect: boolean;
    };
  };
  /** Read the settings of an office */
  'GET /v1/manage/locations/{locationId}/settings': {
    path: {
      locationId: string;
    };
    reply: {
      locationId: string;
      locationName: string;
      horizonDays: number;
      presenceReporting: "detect" | "always" | "never";
      deskPresence: "record" | "book";
      releaseAssignedDesks: boolean;
      /** the last day, YYYY-MM-DD, that was made from week plans; null before the first */
      horizonReached: string | null;
    };
  };
  /** Change the settings of an office */
  'PATCH /v1/manage/locations/{locationId}/settings': {
    path: {
      locationId: string;
    };
    body: {
      /** how many days ahead of today plans and bookings are made from week plans, 0 to 366 */
      horizonDays?: number | null | undefined;
      /** `detect`: it worked on a day if any presence event came for it; `always`; `never`: attendance is unconfirmed */
      presenceReporting?: string | null | undefined;
      /** `record`, or `book`: presence at a desk books it */
      deskPresence?: string | null | undefined;
      /** whether others may book an assigned desk while its owner is elsewhere */
      releaseAssignedDesks?: boolean | null | undefined;
    };
    reply: {
      locationId: string;
      locationName: string;
      horizonDays: number;
      presenceReporting: "detect" | "always" | "never";
      deskPresence: "record" | "book";
      releaseAssignedDesks: boolean;
      /** the last day, YYYY-MM-DD, that was made from week plans; null before the first */
      horizonReached: string | null;
    };
  };
  /** Change the settings of offices */
  'POST /v1/manage/office-settings': {
    body: {
      items: Array<{
        locationId: string;
        /** how many days ahead of today plans and bookings are made from week plans, 0 to 366 */
        horizonDays?: number | null | undefined;
        /** `detect`: it worked on a day if any presence event came for it; `always`; `never`: attendance is unconfirmed */
        presenceReporting?: string | null | undefined;
        /** `record`, or `book`: presence at a desk books it */
        deskPresence?: string | null | undefined;
        /** whether others may book an assigned desk while its owner is elsewhere */
        releaseAssignedDesks?: boolean | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** of what the item made, changed or left as it was; null where it was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** why it was refused, naming the member and its value; else Success */
        message: string;
      }>;
    };
  };
  /** Read the organisation and its settings */
  'GET /v1/manage/organisation': {
    reply: {
      /** what the command line calls it; fixed */
      slug: string;
      name: string;
      /** IANA name; for the dates of people without an office */
      timeZone: string;
      /** the attributes of users from which their groups follow */
      groupAttributes: Array<string>;
      /** the attribute from which their primary group follows; null: none */
      primaryGroupAttribute: string | null;
    };
  };
  /** Change the organisation and its settings */
  'PATCH /v1/manage/organisation': {
    body: {
      name?: string | undefined;
      /** IANA name, such as Europe/London */
      timeZone?: string | undefined;
      /** the attributes of users from which their groups follow */
      groupAttributes?: Array<string> | undefined;
      /** the attribute from which their primary group follows; null: none */
      primaryGroupAttribute?: string | null | undefined;
    };
    reply: {
      /** what the command line calls it; fixed */
      slug: string;
      name: string;
      /** IANA name; for the dates of people without an office */
      timeZone: string;
      /** the attributes of users from which their groups follow */
      groupAttributes: Array<string>;
      /** the attribute from which their primary group follows; null: none */
      primaryGroupAttribute: string | null;
    };
  };
  /** How far an office's events follow the last change of its time zone */
  'GET /v1/manage/locations/{locationId}/redating': {
    path: {
      locationId: string;
    };
    reply: {
      /** the last change of the office's time zone; null where there was none */
      redating: {
        locationId: string;
        fromTimeZone: string;
        toTimeZone: string;
        /** an instant; null while transactions that began before the change are still open */
        startedAt: string | null;
        /** an instant; null while there are events with days of the old time zone */
        finishedAt: string | null;
        /** events of the office that were looked at */
        eventsDone: number;
        /** events of the office; 0 until it has started */
        eventsTotal: number;
      } | null;
    };
  };
  /** Replace the hierarchy of groups, all or nothing */
  'PUT /v1/directory-management/group-relationships': {
    body: {
      /** the whole hierarchy: groups that it no longer has are retired */
      groupRelationships: Array<{
        /** the group's name */
        group: string;
        /** type and name together are what makes it this group */
        groupType: string;
        /** the parent's name; null at the top */
        parent?: string | null | undefined;
        /** the parent's type; null at the top */
        parentType?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      /** how many there are now; rows that repeat another count once */
      relationships: number;
    };
  };
  /** Merge attributes into those of people */
  'POST /v1/directory-management/user-attributes': {
    body: {
      userAttributes: Array<{
        /** exact e-mail or userName, else a unique match without regard to case */
        userName: string;
        /** merged into what is stored */
        attributes: Record<string, unknown>;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      /** one per user, in the order of the request */
      results: Array<{
        userName: string;
        /** 0 stored, 1 user not found, 3 not acceptable */
        resultCode: number;
        message: string;
      }>;
    };
  };
  /** How provisioned groups are kept */
  'GET /v1/manage/provisioning': {
    reply: {
      /** the type of the groups that an identity provider keeps */
      groupType: string;
    };
  };
  /** Choose how provisioned groups are kept. Groups that there are get the type, too, and keep their ids. */
  'PUT /v1/manage/provisioning': {
    body: {
      /** the type of the groups that an identity provider keeps */
      groupType: string;
    };
    reply: {
      /** the type of the groups that an identity provider keeps */
      groupType: string;
    };
  };
  /** A user's week plan */
  'GET /v1/manage/users/{userId}/week-plan': {
    path: {
      userId: string;
    };
    reply: {
      userId: string;
      weekPlan: {
        /** null: no plan */
        monday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        tuesday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        wednesday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        thursday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        friday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        saturday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        sunday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
      };
    };
  };
  /** Replace a user's week plan */
  'PUT /v1/manage/users/{userId}/week-plan': {
    path: {
      userId: string;
    };
    body: {
      weekPlan: {
        monday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null | undefined;
        } | null | undefined;
        tuesday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null | undefined;
        } | null | undefined;
        wednesday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null | undefined;
        } | null | undefined;
        thursday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null | undefined;
        } | null | undefined;
        friday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null | undefined;
        } | null | undefined;
        saturday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null | undefined;
        } | null | undefined;
        sunday?: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null | undefined;
        } | null | undefined;
      };
      /** a date: from this day on, but not before today, days up to the horizon that the week plan made, or that have no plan, are made anew. Left out, days that have a plan stay as they are */
      applyFrom?: string | null | undefined;
    };
    reply: {
      userId: string;
      weekPlan: {
        /** null: no plan */
        monday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        tuesday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        wednesday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        thursday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        friday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        saturday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
        /** null: no plan */
        sunday: {
          /** o office, r remote, a away */
          plan: string;
          /** the office of an office plan; null: the primary location, whichever it is then */
          locationId?: string | null;
        } | null;
      };
    };
  };
  /** The week plans of active users */
  'GET /v1/manage/week-plans': {
    query: {
      /** those with this primary location; an unknown one selects nobody */
      locationId?: string | undefined;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the page before */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        userId: string;
        userName: string;
        weekPlan: {
          /** null: no plan */
          monday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          tuesday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          wednesday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          thursday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          friday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          saturday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null;
          } | null;
          /** null: no plan */
          sunday: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null;
          } | null;
        };
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Replace the week plans of many users. Items apply in order; one that is refused stops no other. */
  'POST /v1/manage/week-plans': {
    body: {
      items: Array<{
        userId?: string | null | undefined;
        /** instead of userId: exact e-mail, else exact userName, else the only active user that differs by case */
        userName?: string | null | undefined;
        weekPlan: {
          monday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null | undefined;
          } | null | undefined;
          tuesday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null | undefined;
          } | null | undefined;
          wednesday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null | undefined;
          } | null | undefined;
          thursday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null | undefined;
          } | null | undefined;
          friday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null | undefined;
          } | null | undefined;
          saturday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null | undefined;
          } | null | undefined;
          sunday?: {
            /** o office, r remote, a away */
            plan: string;
            /** the office of an office plan; null: the primary location, whichever it is then */
            locationId?: string | null | undefined;
          } | null | undefined;
        };
        /** a date: from this day on, but not before today, days up to the horizon that the week plan made, or that have no plan, are made anew. Left out, days that have a plan stay as they are */
        applyFrom?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** of the user; null where it was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** why it was refused, naming the member and its value; else Success */
        message: string;
        /** why it was refused, for programs */
        reason?: "unknown-user" | "not-acceptable" | "past-day" | "not-bookable" | "desk-taken" | "zone-full";
      }>;
    };
  };
  /** A user's days: plans and bookings. One entry for each date, in order, whether there is a plan or not. */
  'GET /v1/manage/users/{userId}/days': {
    path: {
      userId: string;
    };
    query: {
      /** first day: YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      startDate: string;
      /** last day, inclusive; at most 31 dates in all */
      endDate: string;
    };
    reply: Array<{
      /** YYYY-MM-DD */
      day: string;
      /** o office, r remote, a away; null: no plan */
      plan: string | null;
      /** what made the plan: week, day, leave or presence; null without one */
      setBy: string | null;
      /** the office of an office plan */
      locationId: string | null;
      /** its name */
      locationName: string | null;
      booking?: {
        /** 1 the location, 2 a zone, 3 a desk */
        depth: number;
        /** what is booked */
        nodeId: string;
        /** person: somebody wished for it; engine: the default; presence */
        setBy: string;
        levelId?: string;
        levelName?: string;
        zoneId?: string;
        zoneName?: string;
        /** the desk */
        placeId?: string;
        placeName?: string;
      };
    }>;
  };
  /** Plan a user's day, book, or move a booking */
  'PUT /v1/manage/users/{userId}/days/{day}': {
    path: {
      userId: string;
      /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      day: string;
    };
    body: {
      /** o office, r remote, a away */
      plan: string;
      /** the office of an office plan, which must have one */
      locationId?: string | null | undefined;
      /** of an office plan. Left out, a booking there is kept; else it is a desk assigned to the person there that is free, else the office */
      booking?: {
        /** a desk, a zone, or the office itself */
        nodeId: string;
      } | null | undefined;
      /** why; goes into the action log */
      reason?: string | null | undefined;
    };
    reply: {
      /** YYYY-MM-DD */
      day: string;
      /** o office, r remote, a away; null: no plan */
      plan: string | null;
      /** what made the plan: week, day, leave or presence; null without one */
      setBy: string | null;
      /** the office of an office plan */
      locationId: string | null;
      /** its name */
      locationName: string | null;
      booking?: {
        /** 1 the location, 2 a zone, 3 a desk */
        depth: number;
        /** what is booked */
        nodeId: string;
        /** person: somebody wished for it; engine: the default; presence */
        setBy: string;
        levelId?: string;
        levelName?: string;
        zoneId?: string;
        zoneName?: string;
        /** the desk */
        placeId?: string;
        placeName?: string;
      };
    };
  };
  /** Give a user's day back to their leave or week plan. Beyond the horizon of their office the plan is deleted, unless they have leave. */
  'DELETE /v1/manage/users/{userId}/days/{day}': {
    path: {
      userId: string;
      /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      day: string;
    };
    query: {
      /** why; goes into the action log */
      reason?: string | undefined;
    };
    reply: {
      /** YYYY-MM-DD */
      day: string;
      /** o office, r remote, a away; null: no plan */
      plan: string | null;
      /** what made the plan: week, day, leave or presence; null without one */
      setBy: string | null;
      /** the office of an office plan */
      locationId: string | null;
      /** its name */
      locationName: string | null;
      booking?: {
        /** 1 the location, 2 a zone, 3 a desk */
        depth: number;
        /** what is booked */
        nodeId: string;
        /** person: somebody wished for it; engine: the default; presence */
        setBy: string;
        levelId?: string;
        levelName?: string;
        zoneId?: string;
        zoneName?: string;
        /** the desk */
        placeId?: string;
        placeName?: string;
      };
    };
  };
  /** Cancel a user's booking */
  'DELETE /v1/manage/users/{userId}/days/{day}/booking': {
    path: {
      userId: string;
      /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      day: string;
    };
    query: {
      /** what the day is instead: r remote (by default), a away, or none */
      plan?: string | undefined;
      /** why; goes into the action log */
      reason?: string | undefined;
    };
    reply: {
      /** YYYY-MM-DD */
      day: string;
      /** o office, r remote, a away; null: no plan */
      plan: string | null;
      /** what made the plan: week, day, leave or presence; null without one */
      setBy: string | null;
      /** the office of an office plan */
      locationId: string | null;
      /** its name */
      locationName: string | null;
      booking?: {
        /** 1 the location, 2 a zone, 3 a desk */
        depth: number;
        /** what is booked */
        nodeId: string;
        /** person: somebody wished for it; engine: the default; presence */
        setBy: string;
        levelId?: string;
        levelName?: string;
        zoneId?: string;
        zoneName?: string;
        /** the desk */
        placeId?: string;
        placeName?: string;
      };
    };
  };
  /** Who plans to be at an office on a day, and what they have booked */
  'GET /v1/manage/days': {
    query: {
      /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      day: string;
      /** the office; an unknown one selects nobody */
      locationId: string;
      /** items a page, 1 to 1000; by default 100 */
      limit?: string | undefined;
      /** `next` of the page before */
      after?: string | undefined;
    };
    reply: {
      items: Array<{
        userId: string;
        userName: string;
        /** YYYY-MM-DD */
        day: string;
        /** o office, r remote, a away; null: no plan */
        plan: string | null;
        /** what made the plan: week, day, leave or presence; null without one */
        setBy: string | null;
        /** the office of an office plan */
        locationId: string | null;
        /** its name */
        locationName: string | null;
        booking?: {
          /** 1 the location, 2 a zone, 3 a desk */
          depth: number;
          /** what is booked */
          nodeId: string;
          /** person: somebody wished for it; engine: the default; presence */
          setBy: string;
          levelId?: string;
          levelName?: string;
          zoneId?: string;
          zoneName?: string;
          /** the desk */
          placeId?: string;
          placeName?: string;
        };
      }>;
      /** `after` of the next page; null on the last */
      next: string | null;
    };
  };
  /** Plan days of many users, book, move and cancel. Items apply in order, in one transaction; one that is refused stops no other. */
  'POST /v1/manage/days': {
    body: {
      items: Array<{
        userId?: string | null | undefined;
        /** instead of userId: exact e-mail, else exact userName, else the only active user that differs by case */
        userName?: string | null | undefined;
        /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
        day: string;
        /** o office, r remote, a away; null gives the day back, as DELETE of the day does */
        plan: string | null;
        /** the office of an office plan, which must have one */
        locationId?: string | null | undefined;
        /** of an office plan. Left out, a booking there is kept; else it is a desk assigned to the person there that is free, else the office */
        booking?: {
          /** a desk, a zone, or the office itself */
          nodeId: string;
        } | null | undefined;
        /** why; goes into the action log */
        reason?: string | null | undefined;
      }>;
    };
    reply: {
      /** the server's time */
      timestamp: string;
      results: Array<{
        /** of the user; null where it was refused */
        id: string | null;
        result: "created" | "updated" | "unchanged" | "refused";
        /** why it was refused, naming the member and its value; else Success */
        message: string;
        /** why it was refused, for programs */
        reason?: "unknown-user" | "not-acceptable" | "past-day" | "not-bookable" | "desk-taken" | "zone-full";
      }>;
    };
  };
  /** Free desks, and what zones have left, on a day */
  'GET /v1/manage/locations/{locationId}/availability': {
    path: {
      locationId: string;
    };
    query: {
      /** YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts */
      day: string;
      /** true: only desks that are free */
      free?: string | undefined;
    };
    reply: {
      locationId: string;
      /** YYYY-MM-DD */
      day: string;
      /** active ones, by level, zone and name */
      desks: Array<{
        deskId: string;
        deskName: string;
        zoneId: string;
        zoneName: string;
        levelId: string;
        levelName: string;
        /** free: somebody who has nothing booked there can book it; assigned: its owner keeps it that day; zone-full: nobody is at the desk, but its zone takes no more */
        state: "free" | "booked" | "assigned" | "zone-full";
        /** the user who has it booked */
        bookedBy?: string;
        /** the active user whose desk it is */
        assignedTo?: string;
      }>;
      /** active ones, by level and name */
      zones: Array<{
        zoneId: string;
        zoneName: string;
        levelId: string;
        levelName: string;
        /** null: no bound */
        capacity: number | null;
        /** bookings of the zone and of its desks */
        booked: number;
        /** null: no bound */
        remaining: number | null;
        freeDesks: number;
      }>;
    };
  };
  /** People, active and inactive. Key, for `changedSince`: userId. */
  'GET /v1/analytics/users': {
    query: {
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since. Some that are not may be among them; none is missed */
      changedSince?: string | undefined;
      /** rows a page, 1 to 10000; by default all that there are */
      limit?: string | undefined;
      /** as the Link of the page before has it */
      after?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      email: string | null;
      firstName: string | null;
      lastName: string | null;
      onboarded: boolean;
      primaryGroupId: string | null;
      primaryLocationId: string | null;
      status: "active" | "inactive";
      userId: string;
      userName: string;
      /** the attribute of this name, where the person has it */
      employeeNumber?: string;
    }>;
  };
  /** Groups of people and the hierarchy they form, retired groups included. Key, for `changedSince`: groupId. */
  'GET /v1/analytics/groups': {
    query: {
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since. Some that are not may be among them; none is missed */
      changedSince?: string | undefined;
      /** rows a page, 1 to 10000; by default all that there are */
      limit?: string | undefined;
      /** as the Link of the page before has it */
      after?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      groupId: string;
      groupName: string;
      groupType: string;
      /** null at the top */
      parentGroupId: string | null;
      status: "active" | "inactive";
    }>;
  };
  /** Offices. Key, for `changedSince`: locationId. */
  'GET /v1/analytics/locations': {
    query: {
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since. Some that are not may be among them; none is missed */
      changedSince?: string | undefined;
      /** rows a page, 1 to 10000; by default all that there are */
      limit?: string | undefined;
      /** as the Link of the page before has it */
      after?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      locationId: string;
      locationName: string;
      address: string | null;
      status: "active" | "inactive";
      /** IANA name */
      timeZone: string;
    }>;
  };
  /** Desks, with the zone, level and office they are in. Key, for `changedSince`: deskId. */
  'GET /v1/analytics/desks': {
    query: {
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since. Some that are not may be among them; none is missed */
      changedSince?: string | undefined;
      /** rows a page, 1 to 10000; by default all that there are */
      limit?: string | undefined;
      /** as the Link of the page before has it */
      after?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      deskId: string;
      deskName: string;
      zoneId: string;
      zoneName: string;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    }>;
  };
  /** Rooms and booths, with the level and office they are in. Key, for `changedSince`: spaceId. */
  'GET /v1/analytics/spaces': {
    query: {
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since. Some that are not may be among them; none is missed */
      changedSince?: string | undefined;
      /** rows a page, 1 to 10000; by default all that there are */
      limit?: string | undefined;
      /** as the Link of the page before has it */
      after?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      spaceId: string;
      spaceName: string;
      spaceType: string | null;
      /** people */
      capacity: number | null;
      levelId: string;
      levelName: string;
      locationId: string;
      locationName: string;
      status: "active" | "inactive";
    }>;
  };
  /** Presence events, by the local day of their office. Key, for `changedSince`: timestamp, userId, sourceId, eventId. */
  'GET /v1/analytics/presence': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, of which the date counts; required, unless changedSince is given */
      startDate?: string | undefined;
      /** last day, inclusive; at most 31 dates in all; required, unless changedSince is given */
      endDate?: string | undefined;
      /** comma list; any node, with all beneath it */
      locationIds?: string | undefined;
      /** comma list */
      userIds?: string | undefined;
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since. Some that are not may be among them; none is missed */
      changedSince?: string | undefined;
      /** rows a page, 1 to 10000; by default all that there are */
      limit?: string | undefined;
      /** as the Link of the page before has it */
      after?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      eventId: string;
      timestamp: string;
      /** the office's local day */
      day: string;
      userId: string;
      userEmail: string | null;
      sourceId: string;
      sourceUserId: string | null;
      locationType: "location" | "level" | "zone" | "place" | "space";
      locationId: string;
      locationName: string;
      levelId?: string;
      levelName?: string;
      zoneId?: string;
      zoneName?: string;
      placeId?: string;
      placeName?: string;
      spaceId?: string;
      spaceName?: string;
    }>;
  };
  /** Plans and bookings, and whether people came. One row for each stored plan, and one for each walk-in: a person detected at an office that their plan does not name. A plan that presence itself made is a walkIn. The booking is on the row of its plan. attendanceType is absent where there is nothing to judge: on plans that name no office, and, for those not detected, until the day has ended at the office. Ordered by day, user and attendanceLocationId, the row without one first. Key, for `changedSince`: day, userId, attendanceLocationId. A row that is gone is its key alone, with `deleted`: true. */
  'GET /v1/analytics/user-booking-attendance': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, of which the date counts; required, unless changedSince is given */
      startDate?: string | undefined;
      /** last day, inclusive; at most 31 dates in all; required, unless changedSince is given */
      endDate?: string | undefined;
      /** one office: rows with that attendanceLocationId, and rows without one of people whose primary location it is. Calls for all offices return every row exactly once, save those that have neither */
      locationId?: string | undefined;
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since. Some that are not may be among them; none is missed */
      changedSince?: string | undefined;
      /** rows a page, 1 to 10000; by default all that there are */
      limit?: string | undefined;
      /** as the Link of the page before has it */
      after?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      userId: string;
      primaryLocationId: string | null;
      primaryLocationName: string | null;
      /** the office's local day */
      day: string;
      /** office, remote, away; a without a plan */
      plan: "o" | "r" | "a";
      /** 1 office, 2 zone, 3 desk */
      bookingDepth?: 1 | 2 | 3;
      attendanceType?: "confirmed" | "noShow" | "unconfirmed" | "walkIn";
      bookingLocationId?: string;
      bookingLocationName?: string;
      bookingLevelId?: string;
      bookingLevelName?: string;
      bookingZoneId?: string;
      bookingZoneName?: string;
      bookingPlaceId?: string;
      bookingPlaceName?: string;
      primaryGroupId?: string;
      primaryGroupName?: string;
      /** the office where the person was detected, else that of their plan */
      attendanceLocationId?: string;
      attendanceLocationName?: string;
    } | {
      userId: string;
      /** the office's local day */
      day: string;
      /** the office where the person was detected, else that of their plan */
      attendanceLocationId?: string;
      deleted: true;
    }>;
  };
  /** Changes of plans and bookings, by the UTC date on which they were made. startDate and endDate are dates of eventTime, in UTC, whatever day was changed. Ordered by that date, then user, then eventTime. A change of a plan and the change of its booking share an actionId. Key, for `changedSince`: actionId, category. */
  'GET /v1/analytics/change-log/user': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, of which the date counts; required, unless changedSince is given */
      startDate?: string | undefined;
      /** last day, inclusive; at most 31 dates in all; required, unless changedSince is given */
      endDate?: string | undefined;
      /** comma list */
      userIds?: string | undefined;
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since. Some that are not may be among them; none is missed */
      changedSince?: string | undefined;
      /** rows a page, 1 to 10000; by default all that there are */
      limit?: string | undefined;
      /** as the Link of the page before has it */
      after?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      eventTime: string;
      userId: string;
      /** the day whose plan or booking changed */
      day: string;
      category: "plan" | "booking";
      action: string;
      description: string;
      changedBy: "user" | "admin" | "engine" | "integration";
      changedByName: string | null;
      reason: string | null;
      actionId: string;
      /** null where there was nothing */
      before: Record<string, unknown> | null;
      /** null where nothing is left */
      after: Record<string, unknown> | null;
    }>;
  };
  /** Occupancy events, by the local day of their office. Key, for `changedSince`: timestamp, sourceId, eventId. */
  'GET /v1/analytics/occupancy': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, of which the date counts; required, unless changedSince is given */
      startDate?: string | undefined;
      /** last day, inclusive; at most 31 dates in all; required, unless changedSince is given */
      endDate?: string | undefined;
      /** comma list; any node, with all beneath it */
      locationIds?: string | undefined;
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since. Some that are not may be among them; none is missed */
      changedSince?: string | undefined;
      /** rows a page, 1 to 10000; by default all that there are */
      limit?: string | undefined;
      /** as the Link of the page before has it */
      after?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      eventId: string;
      timestamp: string;
      /** the office's local day */
      day: string;
      occupied: boolean;
      /** people */
      occupancy: number | null;
      sourceId: string;
      locationType: "location" | "level" | "zone" | "place" | "space";
      locationId: string;
      locationName: string;
      levelId?: string;
      levelName?: string;
      zoneId?: string;
      zoneName?: string;
      placeId?: string;
      placeName?: string;
      spaceId?: string;
      spaceName?: string;
    }>;
  };
  /** Arrivals of visitors, by the local day of their office. Key, for `changedSince`: timestamp, sourceId, eventId. */
  'GET /v1/analytics/visitors': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, of which the date counts; required, unless changedSince is given */
      startDate?: string | undefined;
      /** last day, inclusive; at most 31 dates in all; required, unless changedSince is given */
      endDate?: string | undefined;
      /** comma list; any node, with all beneath it */
      locationIds?: string | undefined;
      /** the Rollcall-Cursor of an earlier answer: only rows that are new or changed since. Some that are not may be among them; none is missed */
      changedSince?: string | undefined;
      /** rows a page, 1 to 10000; by default all that there are */
      limit?: string | undefined;
      /** as the Link of the page before has it */
      after?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      eventId: string;
      timestamp: string;
      /** the office's local day */
      day: string;
      visitorName: string;
      visitorEmail: string | null;
      visitorCompany: string | null;
      hostUserId: string | null;
      sourceId: string;
      /** the office's */
      locationId: string;
      /** the office's */
      locationName: string;
    }>;
  };
  /** Attendance and utilisation by office, level, zone or group, by day, week, month or range. A row for each period and unit in which there was an office day: a day on which somebody was detected at the office, or was to come and the day has ended. Attendance is as user-booking-attendance has it. Averages, peaks, medians, the percentile and utilisation are of the office days on which presence reporting worked. What would be divided by 0 is null. locationIds takes offices, levels and zones: only what is at them or beneath counts. Ordered by period, office, level, zone and group; those at no known level or zone, or without a group, have a row of their own, the first. */
  'GET /v1/analytics/metrics': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, of which the date counts */
      startDate: string;
      /** last day, inclusive; at most 366 dates in all */
      endDate: string;
      /** comma list; any node, with all beneath it */
      locationIds?: string | undefined;
      /** what a row is of; else location */
      by?: "location" | "level" | "zone" | "group" | undefined;
      /** what a row is over; else day. Weeks begin on Monday, range is the whole window */
      period?: "day" | "week" | "month" | "range" | undefined;
      /** comma list; who is to count is, by their primary group, in one of these groups or one beneath */
      groupIds?: string | undefined;
      /** with by=group: whether a group has the people of the groups beneath it, too; else false */
      subgroups?: "false" | "true" | undefined;
      /** comma list of the weekdays that count, 1 Monday to 7 Sunday; else all */
      weekdays?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      by: "location" | "level" | "zone" | "group";
      period: "day" | "week" | "month" | "range";
      /** the first day of the whole period: of a week its Monday */
      periodStart: string;
      /** the first day of the period within the window */
      firstDay: string;
      /** the last day of the period within the window */
      lastDay: string;
      /** the window has all of the period, and all of it is over at the office */
      complete: boolean;
      /** the office's */
      locationId: string;
      /** the office's */
      locationName: string;
      levelId: string | null;
      levelName: string | null;
      zoneId: string | null;
      zoneName: string | null;
      groupId: string | null;
      groupName: string | null;
      /** days on which something was expected or seen at the office */
      officeDays: number;
      /** office days on which presence reporting worked */
      reportedDays: number;
      /** reportedDays / officeDays */
      reportingShare: number | null;
      /** people who came, counted once a day: confirmed + walkIn */
      attendance: number;
      /** planned and detected */
      confirmed: number;
      /** planned and not detected, though reporting worked */
      noShow: number;
      /** planned on a day without reporting */
      unconfirmed: number;
      /** detected without a plan for the office */
      walkIn: number;
      /** confirmed / (confirmed + noShow) */
      confirmedRate: number | null;
      /** noShow / (confirmed + noShow) */
      noShowRate: number | null;
      /** unconfirmed / (confirmed + noShow + unconfirmed) */
      unconfirmedRate: number | null;
      /** walkIn / attendance */
      walkInRate: number | null;
      /** people a reported day */
      averageAttendance: number | null;
      /** people on the fullest reported day */
      peakAttendance: number | null;
      /** people; nine of ten reported days had at most as many */
      percentile90Attendance: number | null;
      /** people; of the fullest reported day of each ISO week */
      medianWeeklyPeak: number | null;
      /** people; of the emptiest reported day of each ISO week */
      medianWeeklyLow: number | null;
      /** people there is room for, by the places of today; null for groups */
      capacity: number | null;
      /** averageAttendance / capacity */
      utilisation: number | null;
      /** peakAttendance / capacity */
      peakUtilisation: number | null;
    }>;
  };
  /** How occupied rooms and other places were, by hour of the clock of their office. What an occupancy event says holds until the next one of the same place, at most to the end of the day at the office. A row for each hour of which anything is known; averages are weighted by time. The hour that clocks are set back over has two rows, told apart by hourStart. Ordered by day, office, place and hour. */
  'GET /v1/analytics/metrics/occupancy': {
    query: {
      /** first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, of which the date counts */
      startDate: string;
      /** last day, inclusive; at most 366 dates in all */
      endDate: string;
      /** comma list; any node, with all beneath it */
      locationIds?: string | undefined;
      /** goes before Accept, which is heeded where its highest-ranked range names one of our types; else json */
      format?: "json" | "ndjson" | "csv" | "parquet" | undefined;
    };
    reply: Array<{
      /** the office's local day */
      day: string;
      /** 0 to 23, by the office's clock */
      hour: number;
      hourStart: string;
      /** what the place is */
      locationType: "location" | "level" | "zone" | "place" | "space";
      /** the office's */
      locationId: string;
      /** the office's */
      locationName: string;
      levelId: string | null;
      levelName: string | null;
      zoneId: string | null;
      zoneName: string | null;
      placeId: string | null;
      placeName: string | null;
      spaceId: string | null;
      spaceName: string | null;
      /** minutes of the hour of which the occupancy is known */
      knownMinutes: number;
      /** share of those in which the place was occupied */
      occupiedShare: number;
      /** people, over those; null where it was occupied by nobody knows how many */
      averageOccupancy: number | null;
      /** people; null as the average is */
      maximumOccupancy: number | null;
      /** people there is room for, today */
      capacity: number | null;
      /** averageOccupancy / capacity */
      utilisation: number | null;
    }>;
  };
}
