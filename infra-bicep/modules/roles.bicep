metadata description = 'Who may do what in this resource group. Scopes are single resources.'

@description('Principal id of the app\'s identity.')
param appPrincipalId string

@description('Principal id of the identity of jobs.')
param trainingPrincipalId string

@description('Name of the identity of jobs.')
param trainingIdentityName string

@description('Name of the storage account.')
param storageAccountName string

@description('Name of the Application Insights component.')
param insightsName string

@description('Name of the Cosmos DB account; empty when there is none.')
param cosmosAccountName string

@description('Name of the container registry; empty when there is none.')
param registryName string

@description('Name of the container registry that the app is an image of; empty when it is none.')
param imageRegistryName string

@description('Name of the virtual network; empty when there is none.')
param networkName string

var roles = loadJsonContent('../roles.json')

// The host needs Owner of blobs, queues and tables for its own locks and Durable Functions; Delegator signs URLs without a key.
var storageRoles = [
  roles.storageBlobDataOwner
  roles.storageBlobDelegator
  roles.storageQueueDataContributor
  roles.storageTableDataContributor
]

// A name must not be empty, even of a resource that its condition leaves out.
var absent = 'none'

// Built into Cosmos DB: its data, not the account. Not a role of Azure.
var cosmosDataContributor = '00000000-0000-0000-0000-000000000002'

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageAccountName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource training 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: trainingIdentityName
}

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' existing = if (!empty(cosmosAccountName)) {
  name: empty(cosmosAccountName) ? absent : cosmosAccountName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = if (!empty(registryName)) {
  name: empty(registryName) ? absent : registryName
}

resource imageRegistry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = if (!empty(imageRegistryName)) {
  name: empty(imageRegistryName) ? absent : imageRegistryName
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' existing = if (!empty(networkName)) {
  name: empty(networkName) ? absent : networkName
}

resource jobsSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' existing = if (!empty(networkName)) {
  parent: network
  name: 'jobs'
}

resource appOnStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in storageRoles: {
    scope: storage
    name: guid(storage.id, appPrincipalId, role)
    properties: {
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource appOnInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, appPrincipalId, roles.monitoringMetricsPublisher)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
  }
}

// To give a container group the identity of jobs, the app must be allowed to hand it out.
resource appOnTraining 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: training
  name: guid(training.id, appPrincipalId, roles.managedIdentityOperator)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.managedIdentityOperator)
  }
}

// To put container groups into the subnet; on that subnet only.
resource appOnJobsSubnet 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(networkName)) {
  scope: jobsSubnet
  name: guid(jobsSubnet.id, appPrincipalId, roles.networkContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.networkContributor)
  }
}

resource appOnCosmos 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-11-15' = if (!empty(cosmosAccountName)) {
  parent: cosmos
  name: guid(cosmos.id, appPrincipalId, cosmosDataContributor)
  properties: {
    principalId: appPrincipalId
    roleDefinitionId: '${cosmos.id}/sqlRoleDefinitions/${cosmosDataContributor}'
    scope: cosmos.id
  }
}

resource appOnRegistry 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(imageRegistryName)) {
  scope: imageRegistry
  name: guid(imageRegistry.id, appPrincipalId, roles.acrPull)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPull)
  }
}

resource trainingOnRegistry 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(registryName)) {
  scope: registry
  name: guid(registry.id, trainingPrincipalId, roles.acrPull)
  properties: {
    principalId: trainingPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPull)
  }
}
