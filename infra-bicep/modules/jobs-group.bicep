metadata description = 'Lets the app make container groups in the resource group that this is deployed to.'

@description('Principal id of the app\'s identity.')
param appPrincipalId string

var roles = loadJsonContent('../roles.json')

resource appOnGroup 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, appPrincipalId, roles.containerInstancesContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.containerInstancesContributor)
  }
}
