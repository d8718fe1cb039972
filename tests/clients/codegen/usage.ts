// What an application can rely on, checked by tsc --strict and never run.
import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core';
import { InvoicePageDocument, OverdueInvoicesDocument, Readme1Document, RecordsByIdsDocument } from './__generated__/types/graphql';

declare function send<Document>(document: Document, variables: VariablesOf<Document>): ResultOf<Document>;

// Amounts and dates are text; what an ERP may lack has to be checked.
for (const invoice of send(Readme1Document, {}).invoices?.nodes ?? []) {
  const amount: string | undefined = invoice.balanceDue?.amount;
  const due: string | null = invoice.dueDate;
  // @ts-expect-error -- it is no number
  const rounded: number | undefined = invoice.balanceDue?.amount;
  // @ts-expect-error -- not every invoice has a balance
  const always: string = invoice.balanceDue.amount;
  // @ts-expect-error -- it was not asked for
  const issued = invoice.issueDate;
}
send(OverdueInvoicesDocument, { atLeast: '0.01' });
// @ts-expect-error -- it is no number
send(OverdueInvoicesDocument, { atLeast: 0.01 });
// @ts-expect-error -- it is needed
send(OverdueInvoicesDocument, {});

// A list goes on from its end cursor.
const { invoices } = send(InvoicePageDocument, { size: 10 });
if (invoices?.pageInfo.hasNextPage) send(InvoicePageDocument, { size: 10, after: invoices.pageInfo.endCursor });

// Records of any kind are told apart by their type.
for (const record of send(RecordsByIdsDocument, { ids: ['id'] }).nodes) {
  if (record?.__typename === 'Customer') {
    const name: string = record.name;
  } else if (record?.__typename === 'Invoice') {
    const number: string | null = record.number;
    // @ts-expect-error -- invoices have none
    const name = record.name;
  }
}
