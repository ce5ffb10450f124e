metadata description = 'A registry for the images of jobs, without an admin user.'

@description('What the name begins with: lower-case letters and digits.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Ends the name, so that it is unique in the world.')
@minLength(13)
@maxLength(13)
param suffix string

@description('Tier: Basic, Standard or Premium.')
param sku string

@description('Workspace that gets the logs.')
param workspaceId string

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: 'cr${name}${suffix}'
  location: location
  tags: tags
  sku: {
    name: sku
  }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
  }
}

resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: registry
  name: 'larder'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'ContainerRegistryLoginEvents'
        enabled: true
      }
      {
        category: 'ContainerRegistryRepositoryEvents'
        enabled: true
      }
    ]
  }
}

@description('Name of the registry.')
output name string = registry.name

@description('Host of the registry.')
output loginServer string = registry.properties.loginServer
