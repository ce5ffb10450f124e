using './main.bicep'

// Every parameter has a default; here are the ones that one changes first. `az` reads the variables from its own environment.
param name = readEnvironmentVariable('LARDER_NAME', 'larder')
param alwaysReadyHttp = int(readEnvironmentVariable('LARDER_ALWAYS_READY', '0'))
param store = readEnvironmentVariable('LARDER_STORE', 'blobs')
param containerRegistrySku = readEnvironmentVariable('LARDER_REGISTRY', 'none')
param privateNetwork = bool(readEnvironmentVariable('LARDER_PRIVATE_NETWORK', 'false'))
param authClientId = readEnvironmentVariable('LARDER_AUTH_CLIENT_ID', '')
