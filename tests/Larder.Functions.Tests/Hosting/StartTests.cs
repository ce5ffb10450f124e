using Larder.Functions.Hosting;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

namespace Larder.Functions.Tests.Hosting;

public sealed class StartTests
{
    [Fact]
    public void No_start_waits_for_the_keys_of_data_protection()
    {
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.AddLarder();

        var services = builder.Services.Where(service => service.ServiceType == typeof(IHostedService)).ToList();

        Assert.NotEmpty(services);
        Assert.DoesNotContain(services, service => service.ImplementationType?.Namespace?.StartsWith("Microsoft.AspNetCore.DataProtection", StringComparison.Ordinal) == true);
    }
}
