using Larder.Functions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);

builder.ConfigureFunctionsWebApplication();
builder.UseMiddleware<RequestIdMiddleware>();
builder.UseMiddleware<ErrorMiddleware>();
builder.UseMiddleware<AccessMiddleware>();
builder.AddLarder();

builder.Build().Run();
