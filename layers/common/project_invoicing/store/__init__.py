"""DynamoDB: keys, pages, transactions, error translation. The only package that knows attribute names."""
