// The example queries of the side panel. test/examples.mjs checks them against the gateway's schema.

export type Example = {
  /** Unique; names the tab. */
  title: string;
  /** One line, in the words of the business. */
  comment: string;
  query: string;
  variables?: Record<string, unknown>;
  /** Ids and the like that only this gateway knows: what to ask it, and what to make of the answer. */
  lookUp?: { query: string; variables(data: any): Record<string, unknown> };
};

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const dateDaysAgo = (days: number) => daysAgo(days).slice(0, 10);

export const GROUPS: { name: string; examples: Example[] }[] = [
  {
    name: 'Frontend developer',
    examples: [
      {
        title: 'Invoices of every ERP with their customers',
        comment: 'One list, and what each ERP answered.',
        query: `
{
  invoices(first: 50) {
    nodes {
      number
      total {
        amount
        currency
      }
      customer {
        name
      }
      erp {
        name
      }
    }
    sources {
      erp {
        name
      }
      status
      records
      tookMs
    }
  }
}`,
      },
      {
        title: 'Customers with their invoices and orders',
        comment: 'Twenty customers, each with up to five invoices and five sales orders.',
        query: `
{
  customers(first: 20) {
    nodes {
      name
      invoices(first: 5) {
        nodes {
          number
        }
      }
      salesOrders(first: 5) {
        nodes {
          number
        }
      }
    }
  }
}`,
      },
      {
        title: 'Page through invoices',
        comment: 'Ten at a time. For the next page, copy endCursor of the answer into the variable "after".',
        query: `
query InvoicePage($size: Int!, $after: String) {
  invoices(first: $size, after: $after, orderBy: [{ field: ISSUE_DATE, direction: DESC }]) {
    nodes {
      id
      number
      issueDate
      total {
        amount
        currency
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`,
        variables: { size: 10, after: null },
      },
      {
        title: 'Find a customer by name',
        comment: 'Customers of all ERPs whose name contains a text; upper and lower case are alike.',
        query: `
query CustomersByName($text: String!) {
  customers(first: 10, where: { name: { contains: $text } }) {
    nodes {
      id
      name
      email
      phone
      billingAddress {
        city
        country
      }
      erp {
        name
      }
    }
  }
}`,
        variables: { text: 'a' },
      },
      {
        title: 'One invoice by its id',
        comment: 'Everything a detail page shows. An id from any list works, whichever ERP it is from.',
        query: `
query InvoiceById($id: ID!) {
  node(id: $id) {
    id
    ... on Invoice {
      number
      kind
      status
      issueDate
      dueDate
      total {
        amount
        currency
      }
      balanceDue {
        amount
        currency
      }
      customer {
        id
        name
      }
      remoteUrl
    }
  }
}`,
        variables: { id: 'id of an invoice' },
        lookUp: {
          query: '{ invoices(first: 1) { nodes { id } } }',
          variables: (data) => ({ id: data.invoices.nodes[0].id }),
        },
      },
      {
        title: 'Products with their prices',
        comment: 'The price list of every ERP, one row for each active product.',
        query: `
{
  products(first: 50) {
    nodes {
      sku
      name
      kind
      unitOfMeasure
      salePrice {
        amount
        currency
      }
      erp {
        name
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`,
      },
      {
        title: 'Everything about one customer',
        comment: 'A customer page: address, open balance, last invoices, orders and payments.',
        query: `
query CustomerPage($id: ID!) {
  customer(id: $id) {
    name
    email
    phone
    taxNumber
    status
    billingAddress {
      line1
      postalCode
      city
      country
    }
    balanceDue {
      amount
      currency
    }
    invoices(first: 5, orderBy: [{ field: ISSUE_DATE, direction: DESC }]) {
      nodes {
        number
        status
        total {
          amount
          currency
        }
      }
    }
    salesOrders(first: 5, orderBy: [{ field: ORDER_DATE, direction: DESC }]) {
      nodes {
        number
        status
      }
    }
    payments(first: 5) {
      nodes {
        number
        date
        amount {
          amount
          currency
        }
      }
    }
  }
}`,
        variables: { id: 'id of a customer' },
        lookUp: {
          query: '{ invoices(first: 1) { nodes { customer { id } } } }',
          variables: (data) => ({ id: data.invoices.nodes[0].customer.id }),
        },
      },
      {
        title: 'Where is my order?',
        comment: 'A sales order with what was shipped and billed of each line.',
        query: `
query OrderProgress($id: ID!) {
  salesOrder(id: $id) {
    number
    status
    orderDate
    deliveryDate
    customer {
      name
    }
    lines {
      lineNumber
      description
      quantity
      quantityFulfilled
      quantityBilled
    }
    invoices {
      nodes {
        number
        status
      }
    }
  }
}`,
        variables: { id: 'id of a sales order' },
        lookUp: {
          query: '{ salesOrders(first: 1, orderBy: [{ field: ORDER_DATE, direction: DESC }]) { nodes { id } } }',
          variables: (data) => ({ id: data.salesOrders.nodes[0].id }),
        },
      },
    ],
  },
  {
    name: 'Analyst',
    examples: [
      {
        title: 'Overdue invoices, oldest first',
        comment: 'What customers should have paid by now: past the due date and at least so much still open.',
        query: `
query OverdueInvoices($atLeast: Decimal!) {
  invoices(
    first: 50
    where: {
      kind: { eq: INVOICE }
      isOverdue: { eq: true }
      balanceDue: { gte: $atLeast }
    }
    orderBy: [{ field: DUE_DATE, direction: ASC }]
  ) {
    nodes {
      number
      dueDate
      balanceDue {
        amount
        currency
      }
      customer {
        name
        email
      }
      erp {
        name
      }
    }
    totalCount {
      value
      precision
    }
  }
}`,
        variables: { atLeast: '0.01' },
      },
      {
        title: 'How many invoices in each status',
        comment: 'Only the counts. "precision" says whether an ERP could count exactly.',
        query: `
query InvoiceCounts {
  draft: invoices(first: 1, where: { status: { eq: DRAFT } }) {
    totalCount {
      value
      precision
    }
  }
  open: invoices(first: 1, where: { status: { eq: OPEN } }) {
    totalCount {
      value
      precision
    }
  }
  partiallyPaid: invoices(first: 1, where: { status: { eq: PARTIALLY_PAID } }) {
    totalCount {
      value
      precision
    }
  }
  paid: invoices(first: 1, where: { status: { eq: PAID } }) {
    totalCount {
      value
      precision
    }
  }
  voided: invoices(first: 1, where: { status: { eq: VOIDED } }) {
    totalCount {
      value
      precision
    }
  }
}`,
      },
      {
        title: 'Credit notes',
        comment: 'What was credited to customers, newest first. Amounts are positive: the kind says they reduce.',
        query: `
{
  invoices(
    first: 50
    where: { kind: { eq: CREDIT_NOTE } }
    orderBy: [{ field: ISSUE_DATE, direction: DESC }]
  ) {
    nodes {
      number
      kind
      status
      issueDate
      total {
        amount
        currency
      }
      customer {
        name
      }
      reference
      erp {
        name
      }
    }
    totalCount {
      value
      precision
    }
  }
}`,
      },
      {
        title: 'Invoice lines with products',
        comment: 'What was sold on each invoice of the last 90 days: product, quantity, price.',
        query: `
query InvoiceLines($since: Date!) {
  invoices(first: 20, where: { issueDate: { gte: $since } }) {
    nodes {
      number
      issueDate
      customer {
        name
      }
      lines {
        lineNumber
        description
        product {
          sku
          name
        }
        quantity
        unitPrice {
          amount
          currency
        }
        total {
          amount
          currency
        }
      }
    }
  }
}`,
        variables: { since: dateDaysAgo(90) },
      },
      {
        title: 'Sales orders still open',
        comment: 'Orders that are not yet fully delivered, in all ERPs.',
        query: `
{
  salesOrders(
    first: 50
    where: { status: { in: [OPEN, PARTIALLY_FULFILLED] } }
  ) {
    nodes {
      number
      status
      orderDate
      deliveryDate
      customer {
        name
      }
      total {
        amount
        currency
      }
      erp {
        name
      }
    }
    totalCount {
      value
      precision
    }
  }
}`,
      },
      {
        title: 'Invoices of one ERP only',
        comment: 'Name the ERP by its id. The group Operator lists all ERPs with their ids.',
        query: `
query InvoicesOfOneErp($erps: [ID!]) {
  invoices(first: 50, erps: $erps, orderBy: [{ field: TOTAL, direction: DESC }]) {
    nodes {
      number
      issueDate
      status
      total {
        amount
        currency
      }
      customer {
        name
      }
    }
    sources {
      erp {
        name
      }
      status
      records
    }
  }
}`,
        variables: { erps: ['id of an ERP'] },
        lookUp: { query: '{ erps { id } }', variables: (data) => ({ erps: [data.erps[0].id] }) },
      },
      {
        title: 'Where did this data come from?',
        comment: 'For each record: the ERP, its own id and how old the figure is. For each ERP: what it answered.',
        query: `
{
  invoices(first: 20, read: { maxAgeMs: 60000 }) {
    nodes {
      number
      origin {
        servedFrom
        asOf
        ageMs
      }
      erp {
        name
      }
      remoteType
      remoteId
      remoteUrl
    }
    sources {
      erp {
        name
      }
      status
      servedFrom
      asOf
      records
      quarantined
      calls
      tookMs
      filtering
      error {
        code
        message
      }
    }
  }
}`,
      },
      {
        title: 'What can invoices be filtered and sorted by?',
        comment: 'The gateway describes itself. Put Customer, Product or SalesOrder for Invoice to see theirs.',
        query: `
{
  filters: __type(name: "InvoiceWhere") {
    inputFields {
      name
      description
      type {
        name
        inputFields {
          name
        }
      }
    }
  }
  sorting: __type(name: "InvoiceOrderField") {
    enumValues {
      name
      description
    }
  }
}`,
      },
    ],
  },
  {
    name: 'Accountant',
    examples: [
      {
        title: 'Bills to pay',
        comment: 'Open bills of vendors by due date; a vendor credit is positive too, its kind says that it reduces.',
        query: `
{
  bills(
    first: 50
    where: { status: { in: [OPEN, PARTIALLY_PAID] } }
    orderBy: [{ field: DUE_DATE, direction: ASC }]
  ) {
    nodes {
      number
      kind
      dueDate
      isOverdue
      vendor {
        name
      }
      balanceDue {
        amount
        currency
      }
      erp {
        name
      }
    }
    totalCount {
      value
      precision
    }
  }
}`,
      },
      {
        title: 'Payments and what they settle',
        comment: 'The last payments in and out, each with the documents it was allocated to.',
        query: `
{
  payments(first: 20, orderBy: [{ field: DATE, direction: DESC }]) {
    nodes {
      number
      direction
      date
      method
      amount {
        amount
        currency
      }
      customer {
        name
      }
      vendor {
        name
      }
      allocations {
        amount {
          amount
          currency
        }
        invoice {
          number
        }
        bill {
          number
        }
      }
    }
    sources {
      erp {
        name
      }
      status
    }
  }
}`,
      },
      {
        title: 'Chart of accounts',
        comment: 'Every account with its class, its kind and, where the ERP keeps it, its balance.',
        query: `
{
  accounts(first: 200, orderBy: [{ field: CODE }]) {
    nodes {
      code
      name
      classification
      kind
      balance {
        amount
        currency
      }
      erp {
        name
      }
    }
  }
}`,
      },
      {
        title: 'General ledger since a day',
        comment: 'Posted lines in the company currency. An ERP without a ledger feed says so in sources.',
        query: `
query Ledger($since: Date!) {
  transactions(
    first: 100
    where: { date: { gte: $since } }
    orderBy: [{ field: DATE }]
  ) {
    nodes {
      date
      journal
      number
      account {
        code
        name
      }
      debit {
        amount
        currency
      }
      credit {
        amount
        currency
      }
      description
    }
    sources {
      erp {
        name
      }
      status
      error {
        message
      }
    }
  }
}`,
        variables: { since: dateDaysAgo(30) },
      },
      {
        title: 'Sales in company currency',
        comment: 'Invoices in a foreign currency with their rate and what they are worth in the books.',
        query: `
query BaseAmounts($since: Date!) {
  invoices(first: 50, where: { issueDate: { gte: $since } }) {
    nodes {
      number
      kind
      currency
      exchangeRate
      total {
        amount
        currency
      }
      baseTotal {
        amount
        currency
      }
      baseBalanceDue {
        amount
        currency
      }
      erp {
        name
        baseCurrency
      }
    }
  }
}`,
        variables: { since: dateDaysAgo(90) },
      },
      {
        title: 'Exchange and tax rates',
        comment: 'What the ERPs calculate with.',
        query: `
{
  exchangeRates(first: 20, orderBy: [{ field: DATE, direction: DESC }]) {
    nodes {
      from
      to
      date
      rate
      erp {
        name
      }
    }
  }
  taxRates(first: 50) {
    nodes {
      name
      rate
      kind
      erp {
        name
      }
    }
  }
}`,
      },
    ],
  },
  {
    name: 'Purchasing, warehouse and production',
    examples: [
      {
        title: 'Purchase orders on their way',
        comment: 'What was ordered from vendors and has not fully arrived.',
        query: `
{
  purchaseOrders(
    first: 50
    where: { status: { in: [OPEN, PARTIALLY_RECEIVED] } }
  ) {
    nodes {
      number
      status
      orderDate
      deliveryDate
      vendor {
        name
      }
      lines {
        description
        quantity
        quantityFulfilled
      }
      receipts {
        nodes {
          number
          receivedAt
        }
      }
    }
  }
}`,
      },
      {
        title: 'Stock by product and place',
        comment: 'On hand, reserved and available, in every warehouse.',
        query: `
{
  products(first: 20, where: { kind: { eq: STOCKED } }) {
    nodes {
      sku
      name
      quantityAvailable
      stockLevels {
        nodes {
          location
          onHand
          reserved
          available
        }
      }
      erp {
        name
      }
    }
  }
}`,
      },
      {
        title: 'Shipments of the last weeks',
        comment: 'What left for which customer, and by which order.',
        query: `
query Shipments($since: DateTime!) {
  shipments(first: 50, where: { shippedAt: { gte: $since } }) {
    nodes {
      number
      status
      shippedAt
      trackingNumber
      customer {
        name
      }
      salesOrder {
        number
      }
      lines {
        product {
          name
        }
        quantity
      }
    }
  }
}`,
        variables: { since: daysAgo(30) },
      },
      {
        title: 'Work orders in production',
        comment: 'What is being made, how much of it is done, and until when.',
        query: `
{
  workOrders(
    first: 50
    where: { status: { in: [CONFIRMED, IN_PROGRESS] } }
  ) {
    nodes {
      number
      status
      product {
        name
      }
      quantity
      quantityProduced
      plannedStart
      deadline
      assignee {
        name
      }
    }
  }
}`,
      },
    ],
  },
  {
    name: 'Service',
    examples: [
      {
        title: 'What changed since the last run',
        comment: 'Invoices that an ERP has changed since a moment, oldest change first, page by page.',
        query: `
query ChangedInvoices($since: DateTime!, $after: String) {
  invoices(
    first: 100
    after: $after
    where: { remoteUpdatedAt: { gte: $since } }
    orderBy: [{ field: REMOTE_UPDATED_AT, direction: ASC }]
  ) {
    nodes {
      id
      remoteUpdatedAt
      version
      number
      status
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`,
        variables: { since: daysAgo(7), after: null },
      },
      {
        title: 'Several records by their ids',
        comment: 'One call for records of any kind and any ERP; an id that is not found gives null.',
        query: `
query RecordsByIds($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    id
    ... on Record {
      erp {
        name
      }
      remoteId
      remoteUpdatedAt
    }
    ... on Invoice {
      number
      status
    }
    ... on Customer {
      name
    }
  }
}`,
        variables: { ids: ['id of an invoice', 'id of a customer'] },
        lookUp: {
          query: '{ invoices(first: 1) { nodes { id } } customers(first: 1) { nodes { id } } }',
          variables: (data) => ({ ids: [...data.invoices.nodes, ...data.customers.nodes].map((node: any) => node.id) }),
        },
      },
      {
        title: 'Straight from the ERPs, or an error',
        comment: 'Nothing from a cache, at most five seconds for each ERP, and no partial answer if one fails.',
        query: `
{
  invoices(first: 20, read: { mode: LIVE, timeoutMs: 5000, onSourceError: FAIL }) {
    nodes {
      id
      number
      balanceDue {
        amount
        currency
      }
    }
    sources {
      erp {
        name
      }
      servedFrom
      tookMs
    }
  }
}`,
      },
      {
        title: 'Find what a service wrote by its reference',
        comment: 'An order number of your own, given when the invoice was written, leads back to the invoice.',
        query: `
query InvoiceByReference($reference: String!) {
  invoices(first: 5, where: { externalReference: { eq: $reference } }) {
    nodes {
      id
      number
      status
      externalReference
      remoteId
      erp {
        name
      }
    }
  }
}`,
        variables: { reference: 'SHOP-1001' },
      },
    ],
  },
  {
    name: 'Operator',
    examples: [
      {
        title: 'All connected ERPs',
        comment: 'Which books are connected, in which software, and whether they answer.',
        query: `
{
  erps {
    id
    name
    system {
      name
    }
    status
    statusMessage
    companyName
    baseCurrency
  }
}`,
      },
      {
        title: 'Quotas and health',
        comment: 'What each ERP still lets pass, how fast it answers, and why it does not.',
        query: `
{
  erps {
    name
    status
    statusMessage
    latencyMs
    lastHealthCheckAt
    quota {
      limitPerMinute
      remaining
      resetsAt
      concurrent
      inFlight
    }
  }
}`,
      },
      {
        title: 'What each ERP can do',
        comment: 'For each ERP and record type: filters and sorting it does itself, counting, paging, writing.',
        query: `
{
  erps {
    id
    name
    status
    serverVersion
    latencyMs
    lastHealthCheckAt
    system {
      key
      name
    }
    capabilities {
      entity
      list
      count
      changes
      paging
      filter
      orderBy
    }
  }
}`,
      },
      {
        title: 'What can be connected',
        comment: 'Each system with the settings that it asks for.',
        query: `
{
  erpSystems {
    key
    name
    documentation
    settings {
      key
      label
      help
      required
      secret
      example
    }
  }
}`,
      },
      {
        title: 'Companies and their users',
        comment: 'Whose books these are: currency, time zone, fiscal year, and who works in them.',
        query: `
{
  companies {
    nodes {
      name
      baseCurrency
      country
      timeZone
      fiscalYearEndMonth
      fiscalYearEndDay
      erp {
        name
      }
    }
  }
  erpUsers(first: 50) {
    nodes {
      name
      email
      isActive
      erp {
        name
      }
    }
  }
}`,
      },
    ],
  },
  {
    name: 'Administrator',
    examples: [
      {
        title: 'Who am I?',
        comment: 'Whom the gateway takes you for, what you may do, and which ERPs you see.',
        query: `
{
  viewer {
    subject
    role
    scopes
    erps {
      id
      name
    }
  }
}`,
      },
      {
        title: 'Try settings before connecting',
        comment: 'Nothing is stored. Put your settings into the variables; erpSystems lists the keys of each system.',
        query: `
mutation TrySettings($system: String!, $settings: JSON!) {
  testErp(input: { system: $system, settings: $settings }) {
    ok
    serverVersion
    companyName
    baseCurrency
    timeZone
    companies {
      remoteId
      name
    }
    missingPermissions
    error {
      code
      message
    }
    userErrors {
      field
      message
    }
  }
}`,
        variables: {
          system: 'odoo',
          settings: { url: 'https://erp.example.com', database: 'production', login: 'gateway@example.com', api_key: '' },
        },
      },
      {
        title: 'Connect an ERP',
        comment: 'Its settings are tried first. Where a person has to consent, open authorizationUrl in a browser.',
        query: `
mutation Connect($name: String!, $system: String!, $settings: JSON!) {
  connectErp(input: { name: $name, system: $system, settings: $settings }) {
    erp {
      id
      status
      statusMessage
      companyName
    }
    authorizationUrl
    userErrors {
      field
      message
    }
  }
}`,
        variables: {
          name: 'Headquarters',
          system: 'odoo',
          settings: { url: 'https://erp.example.com', database: 'production', login: 'gateway@example.com', api_key: '' },
        },
      },
      {
        title: 'Change a setting',
        comment: 'What is not named stays as it is, also secrets. Null clears a setting.',
        query: `
mutation ChangeSetting($id: ID!, $settings: JSON!) {
  updateErp(input: { id: $id, settings: $settings }) {
    erp {
      id
      status
      statusMessage
    }
    authorizationUrl
    userErrors {
      field
      message
    }
  }
}`,
        variables: { id: 'id of an ERP', settings: { api_key: '' } },
        lookUp: { query: '{ erps { id } }', variables: (data) => ({ id: data.erps[0].id }) },
      },
      {
        title: 'Repair an ERP that does not answer',
        comment: 'Forgets its sessions and failures and tries again. Where consent was withdrawn, it tells where to renew it.',
        query: `
mutation Repair($id: ID!) {
  reconnectErp(input: { id: $id }) {
    erp {
      status
      statusMessage
    }
    authorizationUrl
    userErrors {
      message
    }
  }
}`,
        variables: { id: 'id of an ERP' },
        lookUp: { query: '{ erps { id } }', variables: (data) => ({ id: data.erps[0].id }) },
      },
      {
        title: 'Leave an ERP in peace for a while',
        comment: 'It is asked nothing until resumeErp, which takes the same input.',
        query: `
mutation Pause($id: ID!) {
  pauseErp(input: { id: $id }) {
    erp {
      name
      status
    }
    userErrors {
      message
    }
  }
}`,
        variables: { id: 'id of an ERP' },
        lookUp: { query: '{ erps { id } }', variables: (data) => ({ id: data.erps[0].id }) },
      },
      {
        title: 'What an ERP\'s user may not read',
        comment: 'Rights that are missing in the ERP, and where each connection is changed.',
        query: `
{
  erps {
    name
    status
    missingPermissions
    managedBy
    timeZone
    companies {
      remoteId
      name
    }
  }
}`,
      },
      {
        title: 'Call an ERP in its own terms',
        comment: 'Here a model of Odoo; other systems take path instead of model. It needs the scope erp:call.',
        query: `
mutation RawCall($erp: ID!, $model: String!, $method: String!, $args: JSON, $kwargs: JSON) {
  callErp(input: { erp: $erp, model: $model, method: $method, args: $args, kwargs: $kwargs }) {
    result
    error {
      code
      message
    }
    userErrors {
      field
      message
    }
  }
}`,
        variables: {
          erp: 'id of an ERP',
          model: 'res.partner',
          method: 'search_read',
          args: [[]],
          kwargs: { fields: ['name'], limit: 5 },
        },
        lookUp: {
          query: '{ erps { id system { key } } }',
          variables: (data) => ({ erp: (data.erps.find((erp: any) => erp.system.key === 'odoo') ?? data.erps[0]).id }),
        },
      },
      {
        title: 'Make an API key',
        comment: 'For a program that may read the records of one ERP. The secret is shown this once.',
        query: `
mutation MakeKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    secret
    apiKey {
      id
      name
      role
      scopes
      erps {
        name
      }
      expiresAt
    }
    userErrors {
      field
      message
    }
  }
}`,
        variables: { input: { name: 'Dashboard', role: 'SERVICE', scopes: ['records:read'], erps: null, expiresAt: null } },
        lookUp: {
          query: '{ erps { id } }',
          variables: (data) => ({
            input: { name: 'Dashboard', role: 'SERVICE', scopes: ['records:read'], erps: [data.erps[0].id], expiresAt: null },
          }),
        },
      },
      {
        title: 'API keys and when they were used',
        comment: 'A key that nobody used for months can go: revokeApiKey takes its id.',
        query: `
{
  apiKeys {
    id
    name
    role
    scopes
    erps {
      name
    }
    createdAt
    lastUsedAt
    expiresAt
    revokedAt
  }
}`,
      },
      {
        title: 'Revoke an API key',
        comment: 'It ends at once. The list of API keys has the ids.',
        query: `
mutation RevokeKey($id: ID!) {
  revokeApiKey(input: { id: $id }) {
    apiKey {
      name
      revokedAt
    }
    userErrors {
      message
    }
  }
}`,
        variables: { id: 'id of an API key' },
      },
      {
        title: 'Audit log',
        comment: 'Who changed, tested, called or read raw data of what, newest first, and how it ended.',
        query: `
query AuditLog($after: String) {
  auditLog(first: 50, after: $after) {
    nodes {
      at
      actor
      action
      subject
      erp {
        name
      }
      outcome
      detail
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`,
        variables: { after: null },
      },
    ],
  },
];
