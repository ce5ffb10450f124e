metadata description = 'The two identities: one that the function app acts as, one that containers of jobs may have.'

@description('What names begin with.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Ends names, so that they are unique.')
param suffix string

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${name}-app-${suffix}'
  location: location
  tags: tags
}

// Code in a job's container can get tokens of this one: it may pull images, and nothing else.
resource training 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${name}-training-${suffix}'
  location: location
  tags: tags
}

@description('Resource id of the app\'s identity.')
output appId string = app.id

@description('Client id of the app\'s identity.')
output appClientId string = app.properties.clientId

@description('Principal id of the app\'s identity.')
output appPrincipalId string = app.properties.principalId

@description('Resource id of the identity of jobs.')
output trainingId string = training.id

@description('Name of the identity of jobs.')
output trainingName string = training.name

@description('Principal id of the identity of jobs.')
output trainingPrincipalId string = training.properties.principalId
