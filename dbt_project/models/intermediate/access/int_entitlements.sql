{{ union_sources('entitlements') }}
