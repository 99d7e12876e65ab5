//! x
#![allow(missing_docs)]
use hotkernels_kernels::memory::{Rows, Target};
use hotkernels_kernels::simd;
use hotkernels_kernels::threads::Team;
use hotkernels_kernels::vector::{self, Half, Bfloat16, Metric};
#[repr(C)] struct Ts{s:i64,n:i64} unsafe extern "C"{fn clock_gettime(c:i32,t:*mut Ts)->i32;}
fn now()->f64{let mut t=Ts{s:0,n:0}; unsafe{clock_gettime(3,&mut t);} t.s as f64+t.n as f64*1e-9}
fn best(name:&str,ops:f64,mut f:impl FnMut()){ let mut b=f64::INFINITY; let w=std::time::Instant::now(); let mut n=0; while n<5||(n<60&&w.elapsed().as_secs_f64()<2.5){let t=now();f();b=b.min(now()-t);n+=1;} println!("{name:34} {:8.2} ms {:8.1} G/s",b*1e3,ops/b/1e9);}
fn main(){
 let what=std::env::args().nth(1).unwrap_or_default();
 let level=simd::level().unwrap(); let go=||false; let team=Team::alone(&go); let d=768;
 let mut s=1u64; let mut rnd=||{s=s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407); ((s>>40) as f32)/8388608.0-1.0};
 let n=4096; let x:Vec<f32>=(0..2*n*d).map(|_|rnd()).collect();
 let mut out=vec![0f32;n*n];
 for m in [1024,2048,4096]{ let name=format!("f32 {m}"); if name.contains(&what){ let (a,b)=(Rows::from_slice(&x[..m*d],m,d),Rows::from_slice(&x[n*d..][..m*d],m,d));
  best(&name,(2*m*m*d) as f64,||vector::cosine_matrix(level,a,Some(b),Target::from_slice(&mut out[..m*m],m,m),&team).unwrap());
  best(&format!("f32 {m} self"),(2*m*m*d) as f64,||vector::cosine_matrix(level,a,None,Target::from_slice(&mut out[..m*m],m,m),&team).unwrap());}}
 let m=2048;
 let h:Vec<Half>=x.iter().map(|v|Half(((v.abs()*1000.0) as u16)+15000)).collect();
 if "half".contains(&what){ let (a,b)=(Rows::from_slice(&h[..m*d],m,d),Rows::from_slice(&h[n*d..][..m*d],m,d)); best("half 2048",(2*m*m*d) as f64,||vector::cosine_matrix(level,a,Some(b),Target::from_slice(&mut out[..m*m],m,m),&team).unwrap());}
 let h:Vec<Bfloat16>=x.iter().map(|v|Bfloat16((v.to_bits()>>16) as u16)).collect();
 if "bf16".contains(&what){ let (a,b)=(Rows::from_slice(&h[..m*d],m,d),Rows::from_slice(&h[n*d..][..m*d],m,d)); best("bf16 2048",(2*m*m*d) as f64,||vector::cosine_matrix(level,a,Some(b),Target::from_slice(&mut out[..m*m],m,m),&team).unwrap());
  let many=Rows::from_slice(&h,2*n,d); best("bf16 1 x 8192 (bytes)",(4*n*d) as f64,||vector::cosine_matrix(level,Rows::from_slice(&h[..d],1,d),Some(many),Target::from_slice(&mut out[..2*n],1,2*n),&team).unwrap()); }
 let q:Vec<i8>=x.iter().map(|v|(v*127.0) as i8).collect();
 for m in [1024,2048,4096]{ let name=format!("int8 {m}"); if name.contains(&what){ let (a,b)=(Rows::from_slice(&q[..m*d],m,d),Rows::from_slice(&q[n*d..][..m*d],m,d));
  best(&name,(2*m*m*d) as f64,||vector::cosine_matrix(level,a,Some(b),Target::from_slice(&mut out[..m*m],m,m),&team).unwrap()); best(&format!("{name} self"),(2*m*m*d) as f64,||vector::cosine_matrix(level,a,None,Target::from_slice(&mut out[..m*m],m,m),&team).unwrap());}}
 if "int8".contains(&what) {let many=Rows::from_slice(&q,2*n,d); best("int8 1 x 8192 (bytes)",(2*n*d) as f64,||vector::cosine_matrix(level,Rows::from_slice(&q[..d],1,d),Some(many),Target::from_slice(&mut out[..2*n],1,2*n),&team).unwrap());}
 if "f32 few".contains(&what) {let many=Rows::from_slice(&x,2*n,d); best("f32 1 x 8192 (bytes)",(8*n*d) as f64,||vector::cosine_matrix(level,Rows::from_slice(&x[..d],1,d),Some(many),Target::from_slice(&mut out[..2*n],1,2*n),&team).unwrap());}
 for m in [8,100,1000]{ let name=format!("topk {m} x 8192"); if name.contains(&what){ let many=Rows::from_slice(&x,2*n,d); let mut i=vec![0i64;m*10]; 
  best(&name,(2*m*2*n*d) as f64,||vector::top_k(level,Rows::from_slice(&x[..m*d],m,d),many,Metric::Dot,Target::from_slice(&mut i,m,10),Target::from_slice(&mut out[..m*10],m,10),&team).unwrap());
 let many=Rows::from_slice(&q,2*n,d); best(&format!("{name} i8"),(2*m*2*n*d) as f64,||vector::top_k(level,Rows::from_slice(&q[..m*d],m,d),many,Metric::Dot,Target::from_slice(&mut i,m,10),Target::from_slice(&mut out[..m*10],m,10),&team).unwrap()); }}
}
