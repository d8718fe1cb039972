// What relay-compiler checks and compiles; ../relay.mjs runs what it makes of it.
import { graphql } from 'relay-runtime';

graphql`
  query queriesCustomersQuery($count: Int!) {
    ...queries_customers @arguments(count: $count)
  }
`;

graphql`
  fragment queries_customers on Query
  @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "String" })
  @refetchable(queryName: "queriesCustomersPageQuery") {
    customers(first: $count, after: $cursor) @connection(key: "queries_customers") {
      edges {
        node {
          id
          name
        }
      }
      totalCount {
        value
        precision
      }
    }
  }
`;

graphql`
  query queriesCustomerQuery($id: ID!, $count: Int!) {
    customer(id: $id) {
      ...queries_invoices @arguments(count: $count)
    }
  }
`;

graphql`
  fragment queries_invoices on Customer
  @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "String" })
  @refetchable(queryName: "queriesInvoicesPageQuery") {
    invoices(first: $count, after: $cursor) @connection(key: "queries_invoices") {
      edges {
        node {
          id
          number
        }
      }
      totalCount {
        value
        precision
      }
    }
  }
`;
