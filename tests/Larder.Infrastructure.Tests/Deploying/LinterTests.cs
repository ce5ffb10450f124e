using System.Text.Json;

namespace Larder.Infrastructure.Tests;

public sealed class LinterTests
{
    [Theory]
    [InlineData("adminusername-should-not-be-literal")]
    [InlineData("outputs-should-not-contain-secrets")]
    [InlineData("protect-commandtoexecute-secrets")]
    [InlineData("secure-parameter-default")]
    [InlineData("secure-params-in-nested-deploy")]
    [InlineData("secure-secrets-in-params")]
    [InlineData("use-secure-value-for-secure-inputs")]
    public void Biceps_own_security_rules_are_errors(string rule)
    {
        var core = JsonDocument.Parse(Repository.Read("infra-bicep/bicepconfig.json")).RootElement.GetProperty("analyzers").GetProperty("core");

        Assert.True(core.GetProperty("enabled").GetBoolean());
        Assert.Equal("error", core.GetProperty("rules").GetProperty(rule).GetProperty("level").GetString());
    }
}
