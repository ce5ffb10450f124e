using System.Globalization;
using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StandIns.Triggers.App;

// It ends with whoever holds the other end of its input.
_ = Task.Run(() =>
{
    Console.In.ReadToEnd();
    Environment.Exit(0);
});

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.AddSingleton<TimeProvider>(new ShiftedTimeProvider(
    TimeSpan.Parse(builder.Configuration["ClockShift"] ?? "0", CultureInfo.InvariantCulture)));
builder.Services.AddSingleton(new Journal(
    new BlobContainerClient(builder.Configuration["AzureWebJobsStorage"], builder.Configuration["Journal"])));
builder.Build().Run();
