using './main.bicep'

// Every parameter has a default; these are the ones that one changes first.
param name = readEnvironmentVariable('LARDER_NAME', 'larder')
param hosting = 'functions'
param containerImage = ''
param containerMinReplicas = 0
param instanceMemoryMB = 2048
param alwaysReadyHttp = 0
param store = 'blobs'
param containerRegistrySku = 'none'
param privateNetwork = false
param adminTokenSha256 = readEnvironmentVariable('LARDER_ADMIN_TOKEN_SHA256', '')
param authClientId = readEnvironmentVariable('LARDER_AUTH_CLIENT_ID', '')
