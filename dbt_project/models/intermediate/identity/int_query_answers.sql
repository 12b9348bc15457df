{{ union_sources('query_answers') }}
