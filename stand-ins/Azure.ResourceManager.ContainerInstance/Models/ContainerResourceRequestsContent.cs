namespace Azure.ResourceManager.ContainerInstance.Models;

public class ContainerResourceRequestsContent(double memoryInGB, double cpu)
{
    public double MemoryInGB { get; set; } = memoryInGB;

    public double Cpu { get; set; } = cpu;
}
