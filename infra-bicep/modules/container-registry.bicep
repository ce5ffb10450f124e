metadata description = 'A registry for the images of jobs, without an admin user.'

@description('What the name begins with: lower-case letters and digits.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Ends the name, so that it is unique in the world.')
param suffix string

@description('Tier: Basic, Standard or Premium.')
param sku string

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
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

@description('Name of the registry.')
output name string = registry.name

@description('Host of the registry.')
output loginServer string = registry.properties.loginServer
